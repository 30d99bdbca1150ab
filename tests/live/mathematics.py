"""The mathematics of the figures in V8, without a browser: modules that know of no page."""

import json

from backprop.live.base import HERE, joined, modules
from book.v8 import open_context

PLAIN = """(key, v) => ArrayBuffer.isView(v) ? Array.from(v) : typeof v === "number" && !isFinite(v) ? { number: String(v) } : v"""

ATOB = """globalThis.atob = (text) => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let bits = 0, held = 0, bytes = "";
  for (const letter of text.replaceAll("=", "")) {
    bits = (bits << 6) | letters.indexOf(letter);
    if ((held += 6) >= 8) bytes += String.fromCharCode((bits >> (held -= 8)) & 255);
  }
  return bytes;
};"""  # what V8 alone has not got, and every browser has


class Mathematics:
    """What ``live/<file>`` and all it imports declare, by name.

    Called with the text of a JavaScript function and its arguments, it returns what that returns, as plain
    lists, dictionaries and numbers (those that are not finite included). What is left in ``globalThis``
    stays there for the next call. A context of V8 does not survive a fork: make one in a fixture.
    """

    def __init__(self, file):
        self.context = open_context(ATOB, joined(modules(HERE / file)))

    def __call__(self, function, *arguments):
        text = f"JSON.stringify(({function})(...{json.dumps(arguments)}), {PLAIN})"
        answer = self.context.eval(text)
        return answer and json.loads(answer, object_hook=number)

    def close(self):
        self.context.close()


def number(found):
    return float(found["number"]) if set(found) == {"number"} else found
