"""Give every title of a dialog a key of its own: the underlined letters, without clashes, in any language."""

from __future__ import absolute_import, unicode_literals

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPARE = "abcdefghijklmnopqrstuvwxyz"
_IN_BRACKETS = re.compile(r"\s*\(_([A-Za-z])\)")


def key_of(label):
    # type: (str) -> str
    """Return the lower-case letter after the underscore of ``label``, or an empty text."""
    parts = label.replace("__", "").split("_", 1)
    return parts[1][0].lower() if len(parts) > 1 and parts[1] else ""


def bare(label):
    # type: (str) -> str
    """Return ``label`` without its key: what is read of it, and what it is called."""
    return _IN_BRACKETS.sub("", label).replace("_", "")


def with_keys(titles, taken=(), spare=True):
    # type: (Sequence[str], Iterable[str], bool) -> list[str]
    """Return ``titles`` with an underscore each before a letter that neither ``taken`` nor another has.

    A title that has an underscore already keeps its letter where it can. As many titles as possible
    get one of their own letters, the first letters of words by preference. Any other gets a ``spare``
    one in brackets, the custom for Chinese and Japanese.
    """
    forbidden = frozenset(letter.lower() for letter in taken)
    wishes = [[letter for letter in _by_preference(title) if letter not in forbidden] for title in titles]
    owners = {}  # type: dict[str, int]
    for index, title in enumerate(titles):
        if key_of(title) in wishes[index]:
            owners.setdefault(key_of(title), index)
    for index in range(len(titles)):
        if index not in owners.values():
            _find(index, wishes, owners, set())  # a maximum matching, by augmenting paths
    letters = dict((index, letter) for letter, index in owners.items())
    free = [letter for letter in _SPARE if spare and letter not in forbidden and letter not in owners]
    for index in range(len(titles)):
        if index not in letters and free:
            letters[index] = free.pop(0)
    return [_labelled(title, letters.get(index, "")) for index, title in enumerate(titles)]


def _labelled(title, letter):
    # type: (str, str) -> str
    words = bare(title)
    if not letter:
        return words
    if key_of(title) == letter:
        return title
    place = next((place for place in _places(words) if words[place].lower() == letter), None)
    if place is None:
        return "{0} (_{1})".format(words, letter.upper())
    return words[:place] + "_" + words[place:]


def _by_preference(title):
    # type: (str) -> list[str]
    """Return the letters for ``title``: the one it asks for, then its own Latin ones."""
    words = bare(title)
    letters = [key_of(title)] + [words[place].lower() for place in _places(words)]
    return [letter for letter in letters if letter and letter in _SPARE]


def _places(words):
    # type: (str) -> list[int]
    """Return the places of the Latin letters of ``words``, those that begin a word first."""
    letters = [place for place, letter in enumerate(words) if letter.lower() in _SPARE]
    return sorted(letters, key=lambda place: (place > 0 and words[place - 1].isalpha(), place))


def _find(index, wishes, owners, tried):
    # type: (int, Sequence[Sequence[str]], dict[str, int], set[str]) -> bool
    """Give title ``index`` a letter, moving others to another of theirs where that helps."""
    free = next((letter for letter in wishes[index] if letter not in owners), None)
    if free is not None:
        owners[free] = index
        return True
    for letter in wishes[index]:
        if letter in tried:
            continue
        tried.add(letter)
        if _find(owners[letter], wishes, owners, tried):
            owners[letter] = index
            return True
    return False
