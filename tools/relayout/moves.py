"""Old module -> new module, and single symbols that move or get a new name. Dotted paths without `bot.`."""

MODULES: dict[str, str] = {
    # core: what everything may use
    "names": "core.names", "errors": "core.errors", "states": "core.states", "clock": "core.clock",
    "changeset.findings": "core.findings", "patterns": "core.patterns", "changeset.globs": "core.globs",
    "quiet": "core.escape", "signing": "core.signing",
    "changeset.codes": "core.codes.changeset", "gate.codes": "core.codes.gate", "weakening.codes": "core.codes.weakening",
    "reason_codes": "core.codes.table",
    # modules added since 03cc379 (reported as unknown where they are not there; that is harmless)
    "changeset.content": "core.text_content", "deadline": "core.deadline", "message_words": "core.message_words",
    "shown_text": "core.shown_text", "config_template": "config.template", "config_values": "config.values",
    "drainer": "intake.drainer", "serving": "cli.serve", "pace": "core.pace", "foreign_text": "core.foreign_text",
    "cli.ledger": "ledger.open", "record.commands": "ledger.commands", "record.numbers": "ledger.numbers", "flow.gone": "flow.gone",
    "sandbox.ci_guess": "sandbox.ci.guess", "sandbox.demo_own": "sandbox.demo.own_repository",
    "sandbox.demo_source": "sandbox.demo.source", "sandbox.actions": "sandbox.github.actions",
    "sandbox.suites": "sandbox.github.suites", "sandbox.rest_actions": "sandbox.github.rest_actions",
    "sandbox.graphql_checks": "sandbox.github.graphql_checks",
    # config: .github/cadence.yml
    "repo_config": "config.model", "policy": "config.load", "config_mistakes": "config.semantics",
    "config_schema": "config.schema", "config_text": "config.yaml_text", "config_tests": "config.tests",
    "policy_tests": "gate.config_tests",
    # effects
    "effects": "effects.perform", "door": "effects.guard",
    # engine
    "engine": "engine.durable", "record.liveness": "engine.executor_locks",
    # git
    "publish.commits": "git_store.commits",
    # ledger and proof
    "record.tables": "ledger.tables", "record.entries": "ledger.entries", "record.runs": "ledger.runs",
    "record.inbox": "ledger.inbox", "record.outcomes": "ledger.effects", "record.evidence": "ledger.evidence",
    "record.chain": "ledger.chain", "record.chaining": "ledger.chain_store", "record.database": "ledger.database",
    "record.ledger": "ledger.ledger", "record.proofs": "ledger.proofs", "record.history": "ledger.history",
    "record.show": "ledger.show",
    "record.manifest": "proof.statements", "record.bundle": "proof.bundle", "record.remaking": "proof.rebuild",
    "record.verifying": "proof.verify", "record.checklist": "proof.checklist", "record.export": "proof.export",
    "record.holding": "proof.ledger_check",
    # publish
    "publish.publisher": "publish.pull_request", "publish.pull_text": "publish.pull_request_text",
    "publish.status": "publish.status_comment", "publish.status_text": "publish.status_comment_text",
    "review.poster": "publish.reviews", "publish.builder": "publish.commit",
    "publish.config_text": "gate.config_tests_text",
    # gate
    "gate.observer": "gate.observe", "gate.merger": "gate.merge",
    # intake and commands
    "intake.commands": "intake.command_text",
    "flow.orders": "commands.handle", "flow.go": "commands.go",
    # flow
    "flow.house": "flow.services", "flow.desk": "flow.context", "flow.drain": "flow.deliveries",
    "flow.spending": "flow.budget",
    "flow.build": "flow.building.stages", "flow.approval": "flow.building.approval", "flow.judging": "flow.building.verdicts",
    "flow.trigger": "flow.building.trigger", "flow.starting": "flow.building.start",
    "flow.review": "flow.gate.reviews", "flow.reconcile": "flow.gate.reconcile", "flow.proving": "flow.gate.proof",
    "flow.pushed": "flow.gate.pushed", "flow.queue": "flow.gate.merge_queue",
    "flow.config_check": "flow.gate.config_check", "flow.others": "flow.gate.other_pulls",
    "flow.aftermath": "flow.after.watch",
    # cli
    "schemas": "cli.published_schemas", "cli.judging": "cli.evaluate", "cli.judged_text": "cli.evaluate_text",
    "cli.handed_in": "cli.submitted",
    # sandbox
    **{f"sandbox.{name}": f"sandbox.github.{name}" for name in (
        "world", "state", "server", "answers", "hooks", "payloads", "payloads_code", "permissions", "rest_app",
        "rest_checks", "rest_issues", "rest_pulls", "rest_repositories", "routing", "graphql_api", "graphql_code",
        "graphql_files", "graphql_nodes", "git_http", "push_hook", "rulesets", "merge_queue", "pages", "markdown",
    )},
    "sandbox.loopback": "sandbox.loopback", "sandbox.payloads_talk": "sandbox.github.payloads_issues", "sandbox.rules": "sandbox.github.merge_rules",
    "sandbox.people": "sandbox.github.people", "sandbox.bare": "sandbox.github.bare",
    "sandbox.acts_code": "sandbox.github.acts_code", "sandbox.acts_issues": "sandbox.github.acts_issues",
    "sandbox.acts_pulls": "sandbox.github.acts_pulls",
    "sandbox.ci": "sandbox.ci.server", "sandbox.ci_command": "sandbox.ci.command", "sandbox.app_client": "sandbox.ci.app_client",
    "sandbox.script": "sandbox.model.script", "sandbox.scripted_model": "sandbox.model.server",
    "sandbox.demo": "sandbox.demo.run", "sandbox.demo_play": "sandbox.demo.options", "sandbox.demo_set": "sandbox.demo.environment",
    "sandbox.evidence": "sandbox.demo.claims", "sandbox.observe": "sandbox.demo.observe", "sandbox.progress": "sandbox.demo.progress",
    "sandbox.serve_process": "sandbox.demo.serve_process", "sandbox.story": "sandbox.demo.stories",
    "sandbox.story_parts": "sandbox.demo.story_parts", "sandbox.story_repaired": "sandbox.demo.story_repaired",
    "sandbox.telling": "sandbox.demo.story_runner", "sandbox.sample_repository": "sandbox.demo.sample_repository",
    # the flow's table of contents: the package's __init__ becomes a module
    "flow": "flow.workflows",
}
# docs_pages leaves the package: see DOCS_PAGES in apply.py.
OUTSIDE = {"docs_pages": "tools/docs_pages.py"}

# Modules that nobody listed (added since) move with their package.
PACKAGE_DEFAULTS = {
    "": "core", "record": "ledger", "sandbox": "sandbox.github",
}
STAY = {"__init__", "__main__", "app", "settings"}

# Folders of data that move.
FOLDERS = {
    "bot/record/migrations": "bot/ledger/migrations",
    "bot/sandbox/sample": "bot/sandbox/demo/sample",
    "bot/sandbox/templates": "bot/sandbox/github/templates",
    "bot/sandbox/schema.graphql": "bot/sandbox/github/schema.graphql",
    "tests/architecture/test_the_one_door.py": "tests/architecture/test_effects_gateway.py",
}

# Docstrings of packages (one line each; docs/design.md's list of folders is made of them).
PACKAGES = {
    "core": "Words that every package shares: names, errors, states, time, patterns, reason codes.",
    "core.codes": "Every reason code, what it means and what to do next.",
    "config": "`.github/cadence.yml`: its model, loading, semantic checks, JSON Schema and test format.",
    "effects": "Everything that changes the outside world: kinds of effects, the gateway, its guard.",
    "engine": "The durable engine (the only user of dbos) and the locks that show which executors are alive.",
    "github_api": "GitHub's API by noun, its errors as typed errors, its facts as frozen values.",
    "git_store": "Bare mirrors of repositories: fetching, reading, writing commits, pushing.",
    "llm": "Language models: the protocol, the OpenAI client, prices, reading structured answers.",
    "changeset": "The ChangeSet contract: model, schema, normalising, checking, applying.",
    "plan": "From a blueprint to a ChangeSet: blueprint, context, prompt, planner.",
    "plan.context": "Which files of a repository the planner is shown.",
    "review": "Judging a change: diff, rules, prompts, verdicts, report.",
    "ledger": "The append-only record of what Cadence received, decided and did.",
    "proof": "Proofs of merges: signed statements, bundles, rebuilding and verifying.",
    "publish": "What people see on GitHub: branch, pull request, status comment, reviews, check runs.",
    "gate": "May it merge: the snapshot, the decision, its explanation, and acting on it.",
    "intake": "Webhook deliveries: signature, parsing to typed events, who is allowed to ask.",
    "commands": "`/cadence ...` commands: permission check, one file per verb, answers.",
    "flow": "The workflows: what happens for a delivery, a run, a review, a pull request and after a merge.",
    "flow.building": "From an issue to a pull request.",
    "flow.gate": "From a pull request to a merge.",
    "flow.after": "After the merge.",
    "web": "HTTP endpoints other than the webhook: health, public keys, JSON Schemas.",
    "sandbox": "An embedded GitHub, CI, model server and the demo that runs on them.",
    "sandbox.github": "The embedded GitHub: state, REST, GraphQL, git over HTTP, webhooks, pages.",
    "sandbox.ci": "The embedded CI: a GitHub App that runs a repository's tests.",
    "sandbox.model": "The embedded model server: scripted answers over OpenAI's protocol.",
    "sandbox.demo": "`cadence demo`: stories that run the main job on embedded parts, and checks of the result.",
}

_LOADERS = ("load_config", "_invalid", "_place", "_mistake", "_as_in_yaml", "_keys_at", "_models_in")
_ORDERS = "flow.orders"

# (old module, name) -> (new module or None for "with its module", new name or None for "same")
SYMBOLS: dict[tuple[str, str], tuple[str | None, str | None]] = {
    # --- moves that the circles and upward imports need
    ("gate.snapshot", "CheckState"): ("github_api.records", None),
    ("gate.snapshot", "SuiteState"): ("github_api.records", None),
    ("gate.snapshot", "RequiredCheck"): ("github_api.records", None),
    ("gate.snapshot", "BranchRules"): ("github_api.records", None),
    ("effects", "EffectKind"): ("effects.kinds", None), ("effects", "TELLING"): ("effects.kinds", "INFORMING"),
    ("effects", "NOT_PACED"): ("effects.kinds", None), ("effects", "Mandate"): ("effects.kinds", "EffectActor"),
    ("effects", "repository_mandate"): ("effects.kinds", "repository_actor"),
    ("effects", "mandate_of"): ("ledger.entries", "actor_of"), ("effects", "ref_of"): ("ledger.entries", None),
    ("intake.events", "Actor"): ("github_api.records", None), ("flow.orders", "eyes"): ("flow.building.start", None),
    ("flow.drain", "Handled"): ("intake.events", None),
    ("sandbox.server", "SandboxApp"): ("sandbox.github.apps", None),
    ("flow.house", "EnginePort"): ("engine.protocol", "WorkflowEngine"),
    ("record.bundle", "signed_document"): ("ledger.signed_documents", None),
    ("record.bundle", "_load"): ("ledger.signed_documents", "load_json"),
    **{("repo_config", name): ("config.load", None) for name in _LOADERS},
    ("repo_config", "_RULE_TYPES"): ("config.load", None),
    ("repo_config", "policy_digest"): ("config.load", "config_digest"),
    # --- one file per verb
    (_ORDERS, "_status"): ("commands.status", "status"), (_ORDERS, "_why"): ("commands.why", "why"),
    (_ORDERS, "_review"): ("commands.review", "review"),
    (_ORDERS, "_replan"): ("commands.replan", "replan"), (_ORDERS, "_foreign_commits"): ("commands.replan", None),
    (_ORDERS, "_config"): ("commands.context", "config_of_base"), (_ORDERS, "_run_of"): ("commands.context", "run_of"),
    # --- one JsonDict
    **{(m, "JsonDict"): ("core.json_types", None) for m in (
        "effects", "record.manifest", "github_api.branch_rules", "sandbox.state", "sandbox.pages", "sandbox.story_parts",
        "sandbox.scripted_model")},
    # --- names
    ("flow.house", "House"): (None, "Services"), ("flow.desk", "Desk"): (None, "RunContext"),
    ("flow.orders", "obey"): (None, "handle_command"), ("door", "through_the_door"): (None, "side_effect"),
    ("door", "opened"): (None, "effects_allowed"),
    ("policy", "Policy"): (None, "LoadedConfig"), ("policy", "read_policy"): (None, "read_config"),
    ("policy_tests", "run_policy_tests"): (None, "run_config_tests"), ("config_tests", "PolicyTest"): (None, "ConfigTest"),
    ("config_mistakes", "mistakes_in"): (None, "semantic_errors"),
    ("config_text", "NotPlainYaml"): (None, "YamlInvalid"), ("config_text", "Mistake"): (None, "YamlMistake"),
    ("app", "build_house"): (None, "build_services"), ("app", "Drainer"): (None, "DeliveryDispatcher"),
    ("app", "DRAIN_SECONDS"): (None, "DISPATCH_SECONDS"),
    ("quiet", "quiet"): (None, "escape_markdown"), ("quiet", "quiet_line"): (None, "escape_line"),
    ("flow.approval", "authority_of"): (None, None),
    ("flow.judging", "judge_commit"): (None, None),
    ("flow.spending", "Caps"): (None, "RunBudget"),
    ("flow.others", "let_pass"): (None, "skip_own_checks"), ("flow.others", "NOT_OURS"): (None, "NOT_CADENCE"),
    ("flow.starting", "begin"): (None, "start_labelled"),
    ("flow.review", "void"): (None, "void_verdicts"), ("flow.review", "ask_again"): (None, "request_re_review"),
    ("flow.proving", "matter_of"): (None, "proof_inputs"),
    ("record.manifest", "matter"): (None, "decision_inputs"), ("record.manifest", "Judged"): (None, "MergeInputs"),
    ("record.checklist", "CheckState"): (None, "LineResult"), ("record.checklist", "stands"): (None, "all_passed"),
    ("record.tables", "Moment"): (None, "UtcDateTime"), ("record.chain", "moment_text"): (None, "time_text"),
    ("record.remaking", "Remaking"): (None, "Rebuilder"), ("record.liveness", "FileExecutorLocks"): (None, None),
    ("record.outcomes", "Outcomes"): (None, "EffectRecords"),
    ("github_api.issues", "moment"): (None, "parse_time"),
    ("gate.merger", "Merger"): (None, None), ("gate.branch", "judge_branch"): (None, "branch_findings"),
    ("gate.ci", "judge_ci"): (None, "ci_findings"), ("gate.pushed", "judge_pushed"): (None, "pushed_findings"),
    ("gate.ci", "foreign"): (None, "from_other_apps"), ("gate.ci", "_imposters"): (None, "_foreign_app_checks"),
    ("flow.reconcile", "judged"): (None, "decide_with_proof"), ("flow.reconcile", "look"): (None, "observe_and_decide"),
    ("flow.build", "judge"): (None, "judge"), ("flow.build", "_tell_if_it_can_be_heard"): (None, "_try_post_status"),
    ("changeset.codes", "found"): (None, "make_finding"),
    ("cli.judging", "Judged"): (None, "Evaluated"), ("cli.judging", "judge"): (None, "evaluate"),
    ("cli.judging", "Intake"): (None, "Submission"), ("cli.judging", "refused_at_last"): (None, "refused_in_the_end"),
    ("cli.apply", "_judged"): (None, "_evaluated"), ("cli.apply", "_tell"): (None, "_print_result"),
    ("cli.handed_in", "HandedIn"): (None, "Submitted"), ("cli.handed_in", "read_handed_in"): (None, "read_submitted"),
    ("cli.proof", "_must"): (None, "_required_proof"),
    ("intake.commands", "CommandError"): (None, None),
    ("intake.webhook", "NotTaken"): (None, "DeliveryRefused"), ("intake.webhook", "_must_be_ours"): (None, "_check_signature"),
    ("intake.payload", "Part"): (None, "PayloadPart"),
    ("review.poster", "Poster"): (None, "ReviewPublisher"),
    ("review.reviewer", "_Matter"): (None, "_Prepared"), ("review.reviewer", "_Heard"): (None, "_Answered"),
    ("review.prompt", "ReviewMatter"): (None, "ReviewInput"), ("review.prompt", "again_prompt"): (None, "retry_prompt"),
    ("review.selftest.memory", "RememberedEffect"): (None, "MemoryEffect"),
    ("sandbox.telling", "Told"): (None, "StoryResult"), ("sandbox.telling", "Teller"): (None, "StoryRunner"),
    ("sandbox.evidence", "Proof"): (None, "Claim"), ("sandbox.evidence", "proofs"): (None, "claims"),
    ("sandbox.evidence", "_house_style"): (None, "_merge_style"),
    ("sandbox.demo_play", "Play"): (None, "DemoPlan"), ("sandbox.demo_play", "choose_play"): (None, "choose_plan"),
    ("sandbox.demo_play", "WrongUse"): (None, "DemoOptionsInvalid"),
    ("sandbox.demo_set", "DemoSet"): (None, "DemoEnvironment"), ("sandbox.demo_set", "Answers"): (None, "AnswerSource"),
    ("sandbox.rules", "standing"): (None, "current_reviews"),
    ("record.runs", "TOLD_BY_DIGEST"): (None, "CHAINED_BY_DIGEST"),
    ("changeset.rejected", "ChangeSetRejected"): (None, None),
    ("git_store.failures", "looks_damaged"): (None, "is_damaged"),
    ("llm.stub", "AbsentModel"): (None, None),
    ("flow.trigger", "MOST_NAMED"): (None, "MAX_NAMED"), ("flow.pushed", "with_pushed"): (None, "with_pushed_commits"),
}

# Docstrings of modules that the moves create.
NEW_MODULES = {
    "effects.kinds": "Kinds of effects, and the actor in whose name an effect is made.",
    "engine.protocol": "What the workflows ask of the engine.",
    "ledger.signed_documents": "Signed documents of proofs as data: the ledger keeps the exact text that was signed.",
    "sandbox.github.apps": "GitHub Apps of the embedded GitHub, as tests and the demo hold them.",
    "commands.status": "`/cadence status`: the run's state and, at the gate, the last decision's reasons.",
    "commands.why": "`/cadence why`: the gate's complete answer, read again from GitHub.",
    "commands.review": "`/cadence review`: another attempt of both reviews on the present head.",
    "commands.replan": "`/cadence replan`: a new run on the same branch and pull request.",
    "commands.context": "What every command needs: the run it is about and the configuration of its base branch.",
    "core.json_types": "Types of JSON values.",
}
