"""Section 6.3: recommending films from ratings.

============= ======= =======================================================================
module        section what is in it
============= ======= =======================================================================
movielens     6.3.1   the ratings, real ones, and their parts
ranking       6.3.1   means and damped biases; how ratings and lists are judged (6.3.3)
neighbours    6.3.1   people who agree, for stars; for lists (6.3.3) also films, and `ease`
tables        6.3.1   `TableModel`: what models of tables share; `train_tables`
factorization 6.3.1   `MatrixFactorization`; `NeuralFactorization` (6.3.2); `fold_in` (6.3.3)
two_tower     6.3.2   `TwoTower`: a network for the user, a network for the film
implicit      6.3.3   `implicit_factors`: vectors from likes alone
============= ======= =======================================================================
"""
