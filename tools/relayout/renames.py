"""Identifier, text and phrase tables. Globs are path prefixes of the NEW layout; a leading `!` excludes."""

_ALL = ("!bot/weakening", "!bot/changeset/guards")
# NAME tokens: variables, parameters, attributes, keywords alike.
NAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "house": ("services", _ALL), "_house": ("_services", _ALL), "desk": ("context", _ALL),
    "mandate": ("actor", _ALL), "mandate_context": ("log_context", _ALL), "MANDATE": ("ACTOR", _ALL),
    "policy_at": ("config_at", _ALL), "Door": ("EffectGateway", _ALL), "_door": ("_effects", _ALL),
    "as_told": ("as_expected", _ALL), "_poster": ("_reviews", _ALL),
    "Teller": ("StoryRunner", _ALL),
    "mute": ("error", ("bot/flow",)),
    "policy_tests": ("config_tests", _ALL),
    "may_be_heard": ("may_be_heard", _ALL),
}
# After a dot or `def` only.
ATTRIBUTES: dict[str, tuple[str, tuple[str, ...]]] = {
    "told": ("message", ("!bot/review/selftest", "!bot/cli/selftest.py", "!tests/unit/test_selftest", "!bot/weakening")),
    "must": ("require_config", ("bot/config", "bot/flow", "bot/cli", "bot/gate", "bot/proof", "bot/review", "tests")),
}
TEXT_NAMES: list[tuple[str, str]] = []
FILE_PATCHES: dict[str, list[tuple[str, str]]] = {
    # flow knows no command: the composition root puts `handle_command` into Services; commands/ lies above flow/.
    "bot/flow/services.py": [
        (r"(\n    signer: Signer\n)",
         "\\1    handle_command: HandleCommand\n"
         '    """Carries out one `/cadence` command; app gives it, because commands/ lies above flow/."""\n'),
        (r"(\n\n@dataclass\(frozen=True, slots=True\)\nclass Services)",
         '\nHandleCommand = Callable[["Services", CommandGiven], Handled | Ignored]\n\\1'),
        (r"\nfrom dataclasses import dataclass\n",
         "\nfrom collections.abc import Callable\nfrom dataclasses import dataclass\n\nfrom bot.intake.events import CommandGiven, Handled, Ignored\n"),
    ],
    "bot/flow/deliveries.py": [
        (r"from bot\.commands import handle\n", ""),
        (r"handle\.handle_command\(services, event\)", "services.handle_command(services, event)"),
    ],
    "bot/flow/sweep.py": [
        (r"from bot\.commands import handle\n", ""),
        (r"handle\.handle_command\(services, event\)", "services.handle_command(services, event)"),
    ],
    "bot/flow/errands.py": [
        (r"from bot\.commands import handle\n", "from bot.flow.building.start import eyes\n"), (r"\bhandle\.eyes\(", "eyes("),
    ],
    "bot/flow/workflows.py": [
        (r"drain\.py, intake/", "deliveries.py, intake/"), (r"build\.py, plan/", "building/, plan/"),
        (r"review\.py, review/", "gate/reviews.py, review/"), (r"reconcile\.py, gate/", "gate/reconcile.py, gate/"),
    ],
    "bot/app.py": [
        (r"(\n *)signer=signer,", "\\1signer=signer,\\1handle_command=handle_command,"),
        (r"\nfrom bot\.core\.clock", "\nfrom bot.commands.handle import handle_command\nfrom bot.core.clock"),
    ],
    "bot/commands/handle.py": [
        (r"if TYPE_CHECKING:\n    from bot\.intake\.events import Handled\n", ""),
        (r"    from bot\.intake\.events import Handled\n\n", ""),
        (r"from bot\.intake\.events import CommandGiven, Ignored", "from bot.intake.events import CommandGiven, Handled, Ignored"),
    ],
    "bot/sandbox/github/graphql_api.py": [(r'files\("bot\.sandbox"\)', 'files("bot.sandbox.github")')],
    "bot/sandbox/demo/sample_repository.py": [(r'files\("bot\.sandbox"\)', 'files("bot.sandbox.demo")')],
    "pyproject.toml": [
        (r'"sandbox/sample/\*\*/\*", "sandbox/sample/\*\*/\.\*"', '"sandbox/demo/sample/**/*", "sandbox/demo/sample/**/.*"'),
        (r'packages = \["bot"\]', 'packages = ["bot", "tools"]'),
    ],
}
PHRASES: list[tuple[str, str]] = []

_MASS = "JSON|text|Python|hex|proof|loss|YAML|input"
_A = ("directory|git repository|commit id|hash|move|constant|count|role|blob id|docstring|rewrite|pull request|check|"
      "pattern|file|ChangeSet|plain file|commit|branch|name for|regular file|finished|base or branch|cadence")
PHRASES = [
    # exact
    (r"#(\S+) is not one of Cadence's", r"#\1 is not a Cadence pull request"),
    (r"is not one of Cadence's", r"is not a Cadence pull request"),
    (r"what was said of it is said anew", "re-review it"),
    (r"buy it twice", "pay for it twice"),
    (r"What heals lost deliveries, dead machines and restored ledgers: look at everything that is not finished",
     "Recovers from lost deliveries, crashed workers and restored ledgers: looks at everything that is not finished"),
    (r"waits until the hour named", "waits until the limit resets"),
    (r"the reader has to compare (.{0,60}?)himself", r"compare \1yourself"),
    (r"speaks of another head, base or policy", "is for another head, base or configuration"),
    (r"speaks of another head", "is for another head"),
    (r"speaks of something else", "is for something else"),
    (r"an entry of ours\b", "one of our entries"), (r"pull request of ours\b", "Cadence pull request"),
    (r"\bcheck(s?) of ours\b", r"own check\1"),
    (r", which is no proof", ", which does not count as passing"),
    (r"where the run left the road", "outside the normal sequence"),
    (r"The text is no pattern", "invalid pattern"),
    (r"how often they cry wolf", "their false-positive rate"),
    (r"Has every seed judged by the real judge, with a real model behind the one door",
     "Runs every seed through the reviewer, with a real model behind the effect gateway"),
    (r"the same matter is the same decision", "equal inputs produce the same decision id"),
    (r"goes before the blueprint", "takes precedence over the blueprint"),
    (r"goes before (?=the (?:plan|text))", "takes precedence over "),
    # one door
    (r"The lock on the one door: what changes the outside runs only while `effects\.perform` holds it open",
     "The guard of the effect gateway: what changes the outside runs only inside `effects.perform`"),
    (r"The one door out: every push", "The effect gateway: every push"), (r"The one door out\b", "The effect gateway"),
    (r"## One door out", "## One effect gateway"), (r"\*\*One door\.\*\*", "**One effect gateway.**"),
    (r"the one door and its lock", "the effect gateway and its guard"),
    (r"outside the one door", "outside the effect gateway"), (r"(?:locked to|through|behind) the one door", lambda m: m[0].replace("the one door", "the effect gateway")),
    (r"\bthe one door\b", "the effect gateway"), (r"hold the door open", "allow effects"),
    (r"(through|that|outside|locked to|by) the door\b(?!\.py)", r"\1 the effect gateway"), (r"The door's budget", "The gateway's budget"),
    (r"\"\"\"The door\. One per process", '"""The effect gateway. One per process'),
    # the house
    (r"This page shows the house and", "This page shows the architecture and"), (r"it shows the house, who", "it shows the architecture, who"),
    (r"\| the house, the flow, the rules", "| architecture, flow, rules"), (r"## The house\b", "## The architecture"),
    (r"The house's parts in one value", "Everything the workflows need, in one value"), (r"Build the house;", "Build the services;"),
    (r"\bthe house (needs|sees)", r"Cadence \1"), (r"\| room \| what \|", "| folder | what |"),
    # Cadence's
    (r"[Nn]o open pull request of Cadence's belongs", "No open Cadence pull request belongs"),
    (r"pull request or blueprint of Cadence's", "Cadence pull request or blueprint"),
    (r"is no base or branch of Cadence's", "is not a base branch or a branch of Cadence"),
    (r"(a |every |no )?pull request of Cadence's", r"\1Cadence pull request"), (r"a check of Cadence's", "a Cadence check"),
    # by itself
    (r"trying again by itself", "trying again automatically"), (r"tries again by itself", "tries again automatically"),
    (r"(proposes|may file|mends|does not redeliver|be taken back|merged branches|runs|closes the issue|that changes|may pass) by itself", r"\1 automatically"),
    (r"(never repeated|would arrive) by themselves", r"\1 automatically"), (r"minted by themselves", "minted automatically"),
    # mend
    (r"\bWhat Cadence mends\b", "What Cadence fixes"), (r"A person mends or reverts it", "A person fixes or reverts it"),
    (r"\bmended\b", "fixed"), (r"\bmends\b", "fixes"), (r"\bto mend\b", "to fix"), (r"\bcan mend\b", "can fix"),
    # again
    (r"decided on anew enters it anew", "decided on again enters it again"), (r"put anew on", "replayed on"),
    (r"a rebase puts anew", "a rebase replays"), (r"each commit anew on top of", "each commit replayed on top of"),
    (r"\banew\b", "again"), (r"truth afresh and freezes it", "state again and freezes it"), (r"reads the truth afresh", "reads GitHub's state again"),
    (r"\bread afresh\b", "read again"), (r"\bafresh\b", "again"), (r"\bonce more\b", "again"),
    # moment
    (r"at the moment of", "at the time of"), (r"before a moment\b", "before a time"), (r"since a moment\b", "since a time"),
    (r"given at a moment\b", "given at a time"), (r"at one moment\b", "at one time"), (r"at that moment\b", "at that time"),
    (r"The present moment, in UTC", "The current time, in UTC"), (r"A UTC moment\b", "A UTC time"), (r"A moment as GitHub", "A time as GitHub"),
    (r"for a moment that may be missing", "for a time that may be missing"), (r"no such moment\b", "no such time"),
    (r"author and moment; the moment", "author and time; the time"), (r"spells moments for", "formats times for"),
    # what came of
    (r"what came of a delivery", "the outcome of a delivery"), (r"What came of an event, in words", "The outcome of an event, in words"),
    (r"What came of an event, and what else was done besides", "The outcome of an event, and what else was done"),
    (r"[Ww]hat came of one", "The outcome of one"), (r"[Ww]hat came of the merge", "the outcome of the merge"), (r"with what came of it", "with its outcome"),
    (r"which commit came of it", "which commit it produced"),
    # is no X
    (rf"\b(?<![Hh]ere )(is|was|are) no valid (YAML|TOML|Python|JSON|TypeScript|JavaScript|Go|Java|Rust|Ruby|\{{)", r"\1 not valid \2"),
    (r"\bis no valid shell script", "is not a valid shell script"), (r"\bis no whole text", "is not complete text"),
    (rf"\b(?<![Hh]ere )(is|was) no ({_MASS})\b", r"\1 not \2"), (rf"\b(?<![Hh]ere )(is|was) no ({_A})\b", r"\1 not a \2"),
    (r"\b(?<![Hh]ere )(is|was) no (object|end)\b", r"\1 not an \2"),
    # stands
    (r"where the run stands", "the run's state"), (r"What stands there now", "What is there now"), (r"what stands there\b", "what is there"),
    (r"`paused: true` stands in", "`paused: true` is set in"), (r"Open reasons stand in", "Open reasons are in"),
    (r"verdict does not stand on GitHub yet", "verdict is not on GitHub yet"), (r"verdict does not stand on GitHub", "verdict is not on GitHub"),
    (r"verdict stands on GitHub", "verdict is on GitHub"), (r"two reviews by Cadence stand on", "two reviews by Cadence are on"),
    (r"stands? in nobody's way", "blocks nothing"), (r"what stands in its place", "what replaces it"), (r"or stands on an add", "or is given for an add"),
    (r"as (it|they) stands? (now|at|in|there)\b", r"as \1 is \2"), (r"they is", "they are"),
    (r"where it stands\b", "where it is"), (r"where they stand\b", "where they are"), (r"the same block stands at", "the same block is at"),
    (r"remark stands at", "remark is at"), (r"\bstands in (the|its|one|pydantic)", r"is in \1"), (r"\bmay stand in\b", "may be in"), (r"\bcan stand (on|there)\b", r"can be \1"),
    (r"[Ee]verything ended as told", "Everything ended as expected"), (r"[Dd]id it end as told", "Did it end as expected"), (r"[Nn]ot everything ended as told", "Not everything ended as expected"),
    (r"before there were chains", "before chains existed"), (r"[Mm]oves made", "Transitions made"),
    (r"in force at a commit", "at a commit"), (r"run in hand\b", "current run"), (r"story in hand", "current story"), (r"workflow in hand", "current workflow"), (r"plan in hand", "current plan"),
    (r"A defect of ours ended", "A defect of Cadence ended"), (r"errors of ours", "errors of Cadence"), (r"commits of ours", "Cadence commits"), (r"a merge of ours", "a Cadence merge"), (r"[Aa] verdict of ours", "An own verdict"),
    # words that tests quote without the verb
    (r"(?<!is )(?<!not )\bno name for a branch", "not a name for a branch"),
]
TEXT_NAMES = [
    (r"\bHouse\b(?! of)", "Services"), (r"\bDesk\b", "RunContext"), (r"\bMandate\b", "EffectActor"), (r"`?@through_the_door`?", "`@side_effect`"),
    (r"\bthrough_the_door\b", "side_effect"), (r"effects\.perform\(mandate,", "effects.perform(actor,"), (r"\bEnginePort\b", "WorkflowEngine"),
    (r"``@side_effect``", "`@side_effect`"), (r"\bthe mandate\b", "the actor"), (r"\bmandate's scope\b", "actor's scope"),
]

FILE_PATCHES.update({
    # tests that quote a message without its verb
    "tests/unit/test_demo_play.py": [(r'"no git repository"', '"not a git repository"')],
    "tests/adapters/test_git_history.py": [(r'\(tmp_path, "no git repository"\)', '(tmp_path, "not a git repository")'),
                                           (r'"absent", "no git"\)', '"absent", "not a git"\)'.replace("\\", ""))],
    "bot/core/codes/table.py": [
        (r"The codes of ChangeSets (?:stand|are) in bot/core/codes/changeset\.py; a test compares",
         "The codes of ChangeSets are in bot/core/codes/changeset.py;\na test compares"),
    ],
    "tools/docs_pages.py": [
        (r'made = \{"codes\.md": codes_page\(\), "states\.md": states_page\(\)\}',
         'made = {"codes.md": codes_page(), "states.md": states_page(), "design.md": design_page()}'),
        (r"\n\ndef codes_page\(\)", '\n\ndef design_page() -> str:\n    """docs/design.md: written by people, but for the list of folders and the drawing."""\n'
         '    return with_folders((DOCS / "design.md").read_text("utf-8"))\n\n\ndef codes_page()'),
        (r"\n\nDOCS = ", "\nfrom tools.design_page import with_folders\n\nDOCS = "),
    ],
    "docs/design.md": [
        (r"(Every act leaves evidence; every refusal gives its reasons\..*\n)",
         "\\1\n<!-- Made by `make docs` from the imports; edit the code instead. -->\n\n<!-- End of the generated part. -->\n"),
        (r"\n\| (room|folder) \| what \|\n(\|.*\n)+", ""),
    ],
    "tests/architecture/test_effects_gateway.py": [
        (r'\("opened", "_open"\)', '("effects_allowed", "_open")'),
        (r'"through_the_door"', '"side_effect"'), (r"@through_the_door", "@side_effect"),
    ],
})
