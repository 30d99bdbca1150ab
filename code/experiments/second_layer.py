"""Section 8.1.1: does a second hidden layer gain anything? Starts that `size_and_cost` did not use.

One and two layers of 64 and of 256 units, each at the rate that `size_and_cost` chose for it, from
sixteen other starts. Run: python code/experiments/second_layer.py (after size_and_cost.py)
"""

from size_and_cost import SEEDS, pictures, score, trained

from backprop.studies.stored import store, stored

STARTS, WIDTHS = range(SEEDS, SEEDS + 16), [64, 256]

if __name__ == "__main__":
    training, _, test = pictures()
    rates = {
        (s["depth"], s["width"]): s["rate"] for s in stored("size_and_cost").result["sizes"][:11]
    }
    result = {}
    for width in WIDTHS:
        result[str(width)] = {}
        for depth in (1, 2):
            nets = [trained(depth, width, rates[depth, width], s, training)[0] for s in STARTS]
            result[str(width)][str(depth)] = [score(net, test) for net in nets]
            print(width, depth, result[str(width)][str(depth)], flush=True)
    store(__file__, result)
