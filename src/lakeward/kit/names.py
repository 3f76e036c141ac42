"""Names for what nobody named: an adjective, a noun and a number, e.g. `calm-heron-417`."""

import random

_ADJECTIVES = """
    amber ample apt balmy bold brave bright brisk calm candid clear clever cosmic crisp daring deep deft
    eager early easy fair fancy fast fine fluent fresh gentle glad golden grand happy hardy honest
    humble icy jolly keen kind lively lucid lucky mellow merry mild modest neat nimble noble polite
    proud quick quiet rapid rare ready robust rosy sage serene sharp silent silver simple sleek smart
    smooth snug solid spry steady still sturdy sunny sure swift tidy true upbeat valiant vivid warm wise
    witty young zesty
""".split()
_NOUNS = """
    ant ash badger bass bay bear beetle birch bison brook calf carp cedar cliff cloud clover cod colt
    coral crab crane creek crow deer delta dove duck eagle eel elk elm falcon fawn fern finch fjord fox
    frog gale gnat goose grebe grouse gull hare hawk heron hill ibex ibis jay kelp kite koi lake lark
    lily lynx maple marten meadow mink mole moose moss moth newt oak orca otter owl perch pike pine
    plover pond pony puffin quail raven reed ridge robin rook rowan sage seal shore shrew skua snail
    sparrow spruce stag stork stream swan tern thrush tide toad trout tuna vale vole wave whale willow
    wolf wren
""".split()


def random_name() -> str:
    pick = random.choice
    return f"{pick(_ADJECTIVES)}-{pick(_NOUNS)}-{random.randrange(1000)}"  # noqa: S311
