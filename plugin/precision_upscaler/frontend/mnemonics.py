"""Give every title of a dialog a key of its own: the underlined letters, without clashes, in any language."""

from __future__ import absolute_import, unicode_literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPARE = "abcdefghijklmnopqrstuvwxyz"


def key_of(label):
    # type: (str) -> str
    """Return the lower-case letter after the underscore of ``label``, or an empty text."""
    parts = label.replace("__", "").split("_", 1)
    return parts[1][0].lower() if len(parts) > 1 and parts[1] else ""


def with_keys(titles, taken, spare=True):
    # type: (Sequence[str], Iterable[str], bool) -> list[str]
    """Return ``titles`` with an underscore each before a letter that neither ``taken`` nor another has.

    As many titles as possible get one of their own letters, the first letters of words by
    preference. Any other gets a ``spare`` one in brackets, the custom for Chinese and Japanese.
    """
    forbidden = frozenset(letter.lower() for letter in taken)
    wishes = [
        [place for place in _by_preference(title) if title[place].lower() not in forbidden]
        for title in titles
    ]
    owners = {}  # type: dict[str, int]
    for index in range(len(titles)):  # a maximum matching, by augmenting paths
        _find(index, titles, wishes, owners, set())
    places = dict(
        (index, next(place for place in wishes[index] if titles[index][place].lower() == letter))
        for letter, index in owners.items()
    )
    free = [letter for letter in _SPARE if spare and letter not in forbidden and letter not in owners]
    labels = []
    for index, title in enumerate(titles):
        if index in places:
            labels.append(title[: places[index]] + "_" + title[places[index] :])
        else:
            labels.append("{0} (_{1})".format(title, free.pop(0).upper()) if free else title)
    return labels


def _by_preference(title):
    # type: (str) -> list[int]
    """Return the places of the Latin letters of ``title``, those that begin a word first."""
    letters = [place for place, letter in enumerate(title) if letter.lower() in _SPARE]
    return sorted(letters, key=lambda place: (place > 0 and title[place - 1].isalpha(), place))


def _find(index, titles, wishes, owners, tried):
    # type: (int, Sequence[str], Sequence[Sequence[int]], dict[str, int], set[str]) -> bool
    """Give title ``index`` a letter, moving others to another of theirs where that helps."""
    for place in wishes[index]:
        letter = titles[index][place].lower()
        if letter in tried:
            continue
        tried.add(letter)
        if letter not in owners or _find(owners[letter], titles, wishes, owners, tried):
            owners[letter] = index
            return True
    return False
