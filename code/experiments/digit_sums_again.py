"""Section 8.3: digits from sums and from labels once more, each start with pictures of its own.

The starts of `digit_sums` share their pairs. Here are forty others, with the rates that it chose
for 300 and 1,000 pairs or labels; they are scored on the validation pictures.

Run: python code/experiments/digit_sums_again.py (after digit_sums.py)
"""

from digit_sums import data, scores, with_labels, with_logic
from tqdm import tqdm

from backprop.studies.stored import store, stored

NUMBERS, STARTS = [300, 1000], 40


def main():
    (X, y), validation, _ = data()
    known, result = stored("digit_sums").result, {}
    for n in NUMBERS:
        methods = {"sums, with logic": with_logic, "labels": with_labels}
        rates = {name: known[name][str(n)]["rate"] for name in methods}
        result[str(n)] = {name: [] for name in methods}
        for k in tqdm(range(STARTS)):
            own = X[1100 * k :], y[1100 * k :]
            for name, method in methods.items():
                digits, total = scores(method(n, rates[name], 300 + k, own), *validation)
                result[str(n)][name].append([round(digits, 4), round(total, 4)])
        print(n, result[str(n)], flush=True)
    store(__file__, result)


if __name__ == "__main__":
    main()
