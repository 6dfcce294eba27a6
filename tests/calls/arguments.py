"""The table of tests/calls: how each public function is called well, and what a bad call may do.

A new function needs a line here only if one of its parameters is not known yet. A value is looked up as
"function.parameter", then "type parameter", then "type"; `w` is the world of world.h.
"""

# ------------------------------------------------------------------- good values

VALUES = {
    # inputs by type
    "const pmkt_allocator *": "&w->in.allocator",
    "const pmkt_events *": "&w->in.events",
    "const pmkt_items *": "&w->in.items",
    "const pmkt_load_options *": "&w->in.load_options",
    "const pmkt_run *": "&w->in.run",
    "const pmkt_save_options *": "&w->in.save_options",
    "const pmkt_zone *": "&w->in.zone",
    "const pmkt_ids_options *": "&w->in.ids_options",
    "const pmkt_rfm_options *": "&w->in.rfm_options",
    "const pmkt_rfm_score_options *": "&w->in.score_options",
    "const pmkt_arrow_options *": "&w->in.arrow_options",
    "const pmkt_arrow_columns *": "&w->in.arrow_columns",
    "const pmkt_arrow_item_columns *": "&w->in.arrow_item_columns",
    "const pmkt_cf_data_options *": "&w->in.cf_data_options",
    "const pmkt_cf_matrix *": "&w->in.cf_matrix",
    "const pmkt_cf_als_options *": "&w->in.als_options",
    "const pmkt_cf_knn_options *": "&w->in.knn_options",
    "const pmkt_cf_popularity_options *": "&w->in.popularity_options",
    "const pmkt_cf_factors *": "&w->in.cf_factors",
    "const pmkt_cf_query *": "&w->in.cf_query",
    "const pmkt_cf_history *": "&w->in.cf_history",
    "const pmkt_cf_answer *": "&w->in.cf_answer",
    "const pmkt_cf_split_options *": "&w->in.split_options",
    "const pmkt_cf_evaluate_options *": "&w->in.evaluate_options",
    "const pmkt_attribution_paths *": "&w->in.paths",
    "const pmkt_attribution_options *": "&w->in.attribution_options",
    "const pmkt_attribution_order_options *": "&w->in.order_options",
    "const pmkt_attribution_data_options *": "&w->in.path_options",
    "const pmkt_funnel_step *": "w->in.funnel_steps",
    "const pmkt_funnel_options *": "&w->in.funnel_options",
    "const pmkt_paths_options *": "&w->in.paths_options",
    "const pmkt_intent_options *": "&w->in.intent_options",
    "const pmkt_intent_paths *": "&w->in.intent_paths",
    "const pmkt_intent_answers *": "&w->in.intent_answers",
    "const pmkt_intent_table *": "&w->in.intent_table",
    # handles
    "pmkt_rfm *": "w->rfm",
    "const pmkt_rfm *": "w->rfm",
    "const pmkt_rfm *from": "w->other_rfm",
    "const pmkt_rfm_scores *": "w->after",
    "const pmkt_rfm_scores *before": "w->before",
    "const pmkt_rfm_migration *": "w->migration",
    "pmkt_ids *": "w->ids",
    "const pmkt_ids *": "w->ids",
    "const pmkt_ids *from": "w->other_ids",
    "pmkt_idset *": "w->set",
    "const pmkt_idset *": "w->set",
    "const pmkt_idset *b": "w->other_set",
    "const pmkt_buffer *": "w->buffer",
    "pmkt_arrow_events *": "w->arrow_events",
    "pmkt_arrow_items *": "w->arrow_items",
    "const pmkt_cf_data *": "w->cf_data",
    "const pmkt_cf_data *test": "w->cf_test",
    "pmkt_cf_builder *": "w->cf_builder",
    "const pmkt_cf_builder *": "w->cf_builder",
    "const pmkt_cf *": "w->cf_als",
    "pmkt_cf_live *": "w->cf_live",
    "pmkt_cf_scratch *": "w->cf_scratch",
    "const pmkt_cf_evaluation *": "w->cf_evaluation",
    "const pmkt_attribution *": "w->attribution",
    "const pmkt_attribution_data *": "w->attribution_data",
    "const pmkt_funnel *": "w->funnel",
    "const pmkt_paths *": "w->paths",
    "const pmkt_intent *": "w->intent",
    "const pmkt_intent *const *": "w->intents",
    # outputs
    "pmkt_error *err": "&w->err",
    "pmkt_report *": "&w->out.report",
    "pmkt_rfm_counters *": "&w->out.rfm_counters",
    "pmkt_rfm_options *": "&w->out.made_with",
    "pmkt_rfm_columns *": "&w->out.columns",
    "pmkt_rfm_rates *": "&w->out.rates",
    "pmkt_rfm_group *": "w->out.groups",
    "pmkt_ids_counters *": "&w->out.ids_counters",
    "pmkt_file_info *": "&w->out.file_info",
    "pmkt_cf_data_counts *": "&w->out.cf_counts",
    "pmkt_cf_facts *": "&w->out.cf_facts",
    "pmkt_cf_matrix *by_user": "&w->out.by_user",
    "pmkt_cf_matrix *by_item": "&w->out.by_item",
    "pmkt_cf_factors *": "&w->out.cf_factors",
    "pmkt_cf_figures *": "&w->out.figures",
    "pmkt_attribution_table *": "&w->out.attribution",
    "pmkt_attribution_orders *": "&w->out.path_orders",
    "pmkt_attribution_paths *": "&w->out.paths",
    "pmkt_funnel_columns *": "&w->out.funnel_columns",
    "pmkt_paths_columns *": "&w->out.paths_columns",
    "int64_t *": "w->out.i64",
    "int64_t *n": "&w->out.count",
    "int64_t *found": "&w->out.count",
    "int64_t *n_bad": "&w->out.count",
    "int64_t *n_users": "&w->out.count",
    "int64_t *n_items": "&w->out.count2",
    "int32_t *": "w->out.i32",
    "int32_t *codes": "&w->out.number",
    "uint64_t *": "w->out.u64",
    "uint8_t *": "w->out.u8",
    "float *": "w->out.f32",
    "double *": "w->out.f64",
    "pmkt_intent_facts *": "&w->out.intent_facts",
    "const uint32_t **": "&w->out.actions",
    "size_t *": "&w->out.size",
    "char *": "w->out.text",
    "const pmkt_events **": "&w->out.events",
    "const pmkt_items **": "&w->out.items",
    "const uint64_t **users": "&w->out.ids",
    "const uint64_t **items": "&w->out.other_ids",
    "const double **": "&w->out.numbers",
    "const double **conversions": "&w->out.numbers",
    "const double **values": "&w->out.other_numbers",
    # input arrays
    "const uint64_t *": "w->in.ids",
    "const int64_t *": "w->in.times",
    "const int64_t *offsets": "w->in.offsets",
    "const int64_t *at": "w->in.at",
    "const double *": "w->in.numbers",
    "const double *quantity": "w->in.quantities",
    "const char *bytes": "w->in.strings",
    "const void *bytes": "w->in.strings",
    "const char *path": "w->in.load_path",
    # numbers
    "int64_t n": "WORLD_ROWS",
    "int64_t n_remove": "2",
    "int64_t n_steps": "2",
    "int64_t n_add": "WORLD_ROWS",
    "int64_t room": "WORLD_ROOM",
    "int64_t as_of_ms": "INT64_C(1719792000000)",
    "int64_t when_ms": "INT64_C(1704067200000)",
    "int64_t ms": "INT64_C(1704067200000)",
    "int32_t by": "PMKT_RFM_BY_SEGMENT",
    "int32_t on_bad": "PMKT_ON_BAD_FAIL",
    "int32_t exponent": "2",
    "int32_t code": "0",
    "int32_t segment": "0",
    "int32_t day": "19000",
    "int32_t kind": "PMKT_KIND_ORDER",
    "int32_t list": "PMKT_RFM_LIST_WIN_BACK",
    "int32_t reason": "PMKT_BAD_USER",
    "int32_t from": "PMKT_RFM_BAND_MIDDLE",
    "int32_t to": "PMKT_RFM_BAND_LOW",
    "uint64_t id": "1",
    "pmkt_ids_name.id": 'pmkt_id_of_bytes("ann", 3)',
    "pmkt_status status": "PMKT_E_IO",
    "size_t length": "18",
    # of one function
    "pmkt_time_parse.text": '"2024-05-01 12:00"',
    "pmkt_time_parse.length": "16",
    "pmkt_money_parse.text": '"-1234.50"',
    "pmkt_money_parse.length": "8",
    "pmkt_kind_from_name.name": '"order"',
    "pmkt_rfm_summary.group_size": "sizeof(pmkt_rfm_group)",
    "pmkt_rfm_summary.capacity": "64",
    "pmkt_rfm_save.path": "w->in.save_path",
    "pmkt_ids_save.path": "w->in.save_path",
    "pmkt_ids_load.path": "w->in.ids_path",
    "pmkt_ids_map.path": "w->in.ids_path",
    "pmkt_rfm_load_memory.bytes": "pmkt_buffer_data(w->buffer)",
    "pmkt_rfm_load_memory.size": "pmkt_buffer_size(w->buffer)",
    "pmkt_ids_load_memory.bytes": "pmkt_buffer_data(w->ids_buffer)",
    "pmkt_ids_load_memory.size": "pmkt_buffer_size(w->ids_buffer)",
    "pmkt_rfm_scores_arrow.stream": "&w->out.stream",
    "pmkt_arrow_events_open.stream": "&w->event_stream",
    "pmkt_arrow_items_open.stream": "&w->item_stream",
    "pmkt_arrow_ids.stream": "&w->id_stream",
    "pmkt_arrow_ids.name": '"item"',
    "pmkt_cf_save.path": "w->in.save_path",
    "pmkt_cf_load.path": "w->in.cf_path",
    "pmkt_cf_map.path": "w->in.cf_path",
    "pmkt_cf_load_memory.bytes": "pmkt_buffer_data(w->cf_buffer)",
    "pmkt_cf_load_memory.size": "pmkt_buffer_size(w->cf_buffer)",
    "pmkt_cf_verify.model": "w->cf_mapped",
    "pmkt_cf_live_swap.model": "w->cf_knn",
    "pmkt_cf_builder_new.max_bytes": "INT64_C(1) << 20",
    "pmkt_cf_metric_name.metric": "PMKT_CF_NDCG",
    "pmkt_attribution_model_name.model": "PMKT_ATTRIBUTION_LINEAR",
    "pmkt_cf_evaluation_users.metric": "PMKT_CF_NDCG",
    "pmkt_cf_evaluation_users.k": "2",
    "pmkt_cf_evaluate_answers.users": "w->in.answered",
    "pmkt_cf_evaluate_answers.ids": "w->in.answers",
    "pmkt_cf_evaluate_answers.counts": "w->in.answer_counts",
    "pmkt_cf_evaluate_answers.room": "2",
    "pmkt_intent_merge.n": "2",
    "pmkt_intent_save.path": "w->in.save_path",
    "pmkt_intent_load.path": "w->in.intent_path",
    "pmkt_intent_load_memory.bytes": "pmkt_buffer_data(w->intent_buffer)",
    "pmkt_intent_load_memory.size": "pmkt_buffer_size(w->intent_buffer)",
}

# What a function without a status answers to bad arguments, by its header.
BAD_ANSWERS = {
    "pmkt_buffer_data": "NULL",
    "pmkt_buffer_size": "0",
    "pmkt_bad_reason": "NULL",
    "pmkt_id_of_bytes": "PMKT_ID_NONE",
    "pmkt_ids_name": "NULL",
    "pmkt_idset_bytes": "0",
    "pmkt_idset_contains": "0",
    "pmkt_idset_count": "0",
    "pmkt_kind_from_name": "PMKT_KIND_NONE",
    "pmkt_kind_name": "NULL",
    "pmkt_rfm_class_name_zh": "NULL",
    "pmkt_rfm_migration_list": "NULL",
    "pmkt_rfm_migration_matrix": "NULL",
    "pmkt_rfm_migration_name": "NULL",
    "pmkt_rfm_migration_users": "NULL",
    "pmkt_rfm_scores_codes": "-1",
    "pmkt_rfm_scores_name": "NULL",
    "pmkt_attribution_model_name": "NULL",
    "pmkt_cf_builder_bytes": "0",
    "pmkt_cf_data_retain": "NULL",
    "pmkt_cf_default_weight": "0",
    "pmkt_cf_live_get": "NULL",
    "pmkt_cf_metric_name": "NULL",
    "pmkt_cf_retain": "NULL",
    "pmkt_intent_retain": "NULL",
}

# Functions without arguments, and that of a status, have no bad call; their text is never NULL.
NEVER_BAD = {
    "pmkt_build_info": "NULL",
    "pmkt_default_threads": "0",
    "pmkt_isa": "NULL",
    "pmkt_status_name": "NULL",
    "pmkt_version": "NULL",
    "pmkt_version_number": "0",
}

# Handles that a call makes: what they know, if that can be told.
DIGESTS = {
    "pmkt_rfm": "digest_rfm(made)",
    "pmkt_rfm_scores": "digest_scores(made)",
    "pmkt_buffer": "digest_bytes(pmkt_buffer_data(made), pmkt_buffer_size(made))",
    "pmkt_ids": "digest_ids(made)",
    "pmkt_idset": "digest_set(made)",
    "pmkt_cf_data": "digest_data(made)",
    "pmkt_cf_builder": "digest_builder(made)",
    "pmkt_cf": "digest_model(made)",
    "pmkt_cf_live": "digest_live(made)",
    "pmkt_cf_evaluation": "digest_evaluation(made)",
    "pmkt_attribution": "digest_attribution(made)",
    "pmkt_attribution_data": "digest_paths(made)",
    "pmkt_funnel": "digest_funnel_result(made)",
    "pmkt_paths": "digest_paths(made)",
    "pmkt_intent": "digest_chain(made)",
}

# Handles with owners that are counted, which a call also gives by returning them; the others end in
# _free.
COUNTED = {"pmkt_cf_data", "pmkt_cf", "pmkt_intent"}

# ------------------------------------------------------------------ bad values

# Tried for every parameter and every struct field of the type, each of which must be refused...
BAD_NUMBERS = {
    "int64_t": ["-1", "INT64_MIN", "INT64_MAX"],
    "int32_t": ["-1", "99", "INT32_MIN", "INT32_MAX"],
    "uint32_t": ["1", "UINT32_MAX"],
    "size_t": ["SIZE_MAX"],
    "double": ["(double)NAN", "(double)INFINITY", "(double)-INFINITY", "-1.0"],
}

# ...but where the name says that the number means something else.
BAD_BY_NAME = {
    "as_of_ms": ["INT64_MIN", "INT64_MAX"],
    "when_ms": ["INT64_MIN", "INT64_MAX"],
    "ms": ["INT64_MIN", "INT64_MAX"],
    "day": ["INT32_MIN", "INT32_MAX"],
    "kind": ["-1", "PMKT_KIND_COUNT_", "INT32_MIN", "INT32_MAX"],
    "threads": ["-1", "1025", "INT32_MIN", "INT32_MAX"],
    "bins": ["-1", "1", "101", "INT32_MIN", "INT32_MAX"],
    "max_bytes": ["-1", "INT64_MIN"],
    "f_high": ["(double)NAN", "(double)-INFINITY", "-2.0"],
    "f_low": ["(double)NAN", "(double)-INFINITY", "-2.0"],
    "group_size": ["0", "4", "4097", "SIZE_MAX"],
    # numbers that may be as large as one likes
    **dict.fromkeys(("window_ms", "same_touch_ms"), ["-2", "INT64_MIN"]),
    "conversion": ["-1", "PMKT_KIND_COUNT_", "INT32_MIN", "INT32_MAX"],
    **dict.fromkeys(("k", "n_k", "iterations", "cg_steps"), ["-1", "INT32_MIN"]),
    **dict.fromkeys(("window_ms", "gap_ms", "soon_ms"), ["-1", "INT64_MIN"]),
    **dict.fromkeys(("top", "max_length", "top_pages"), ["-1", "INT32_MIN", "INT32_MAX"]),
    "n_steps": ["-1", "0", "33", "INT64_MIN", "INT64_MAX"],
    **dict.fromkeys(
        ("half_life_ms", "max_items_per_user", "max_users_per_item", "last"), ["-1", "INT64_MIN"]
    ),
    "factors": ["-1", "1025", "INT32_MIN", "INT32_MAX"],
    "neighbors": ["-1", "10001", "INT32_MIN", "INT32_MAX"],
    "n_groups": ["-1", "65537", "INT32_MIN", "INT32_MAX"],
    "bootstrap": ["-2", "INT32_MIN"],
    # -1 is PMKT_CF_ZERO
    **dict.fromkeys(
        ("regularization", "alpha", "unobserved", "sigma", "shrinkage", "k1"),
        ["(double)NAN", "(double)INFINITY", "(double)-INFINITY", "-2.0"],
    ),
    **dict.fromkeys(
        ("nu", "b", "test", "level"),
        ["(double)NAN", "(double)INFINITY", "(double)-INFINITY", "-2.0", "1.5"],
    ),
}

# Parameters that may be NULL everywhere, as their headers say.
NULL_IS_FINE = {
    "err": "nobody need read the error",
    "run": "NULL is the defaults",
    "options": "NULL is the defaults",
    "zone": "NULL is UTC",
    "allocator": "NULL is the C heap",
    "report": "nobody need read the report",
    "n_bad": "nobody need count",
    "found": "nobody need count",
    "length": "nobody need know the length",
    "known": "nobody need know",
    "codes": "nobody need know how many",
    "query": "NULL is the defaults",
    "scratch": "then the call allocates",
}

# Calls that look bad and are good, each with its reason. "function: parameter = value".
GOOD = {
    "pmkt_money_from_double: quantity = NULL": "one piece each",
    "pmkt_rfm_migration_list: n = NULL": "the header promises the list; the count is extra",
    "pmkt_rfm_migration_users: n = NULL": "the header promises the users; the count is extra",
    "pmkt_rfm_summary: capacity = INT64_MAX": "more room than is needed",
    "pmkt_ids_decode: room = INT64_MAX": "more room than is needed",
    "pmkt_ids_encode: id = NULL": "only remembers",
    "pmkt_ids_forgotten: room = INT64_MAX": "more room than is needed",
    "pmkt_ids_list: room = INT64_MAX": "more room than is needed",
    "pmkt_idset_list: room = INT64_MAX": "more room than is needed",
    "pmkt_arrow_ids: ids = NULL": "remembers nothing",
    "pmkt_arrow_ids: name = NULL": "the only column",
    "pmkt_arrow_ids: room = INT64_MAX": "more room than is needed",
    "pmkt_cf_data_matrix: by_user = NULL": "either may be NULL",
    "pmkt_cf_data_matrix: by_item = NULL": "either may be NULL",
    "pmkt_cf_from_factors: seen = NULL": "nobody had anything",
    "pmkt_cf_ids: users = NULL": "any may be NULL",
    "pmkt_cf_ids: n_users = NULL": "any may be NULL",
    "pmkt_cf_ids: items = NULL": "any may be NULL",
    "pmkt_cf_ids: n_items = NULL": "any may be NULL",
    "pmkt_cf_live_new: model = NULL": "no model yet",
    "pmkt_cf_live_swap: model = NULL": "no model any more",
    "pmkt_intent_actions: actions = NULL": "either may be NULL",
    "pmkt_intent_actions: n = NULL": "either may be NULL",
    "pmkt_intent_next: waited_ms = NULL": "nobody waited",
}

# Calls that look good by NULL_IS_FINE and are bad, each with its reason.
BAD = {
    "pmkt_cf_evaluate_answers: options = NULL": "train must be given",
    "pmkt_cf_scratch_new: scratch = NULL": "it is what the call makes",
}

# Fields of input structs that a call must refuse to see NULL, or with the bad numbers of their type. What
# is not here may be fine (a NULL column, a huge limit); then the call must only be one of good and refused.
STRICT_FIELDS = {
    "pmkt_events": ["on_bad", "user", "time", "currency_exponent"],
    "pmkt_items": ["on_bad", "item", "reserved", "currency_exponent"],
    "pmkt_zone": ["transitions", "n_transitions"],
    "pmkt_run": ["threads"],
    "pmkt_rfm_options": ["mode", "max_bytes", "reserved"],
    "pmkt_rfm_score_options": [
        *("scheme", "bins", "collapse", "frequency", "monetary", "f_high", "f_low", "n_tiers"),
        "n_segments",
    ],
    "pmkt_save_options": ["compression", "reserved"],
    "pmkt_load_options": ["max_bytes", "reserved"],
    "pmkt_ids_options": ["max_bytes"],
    "pmkt_arrow_columns": ["on_bad", "user", "time", "time_unit", "reserved"],
    "pmkt_arrow_item_columns": ["on_bad", "item", "reserved"],
    "pmkt_arrow_options": [],
    "pmkt_cf_data_options": [
        *("scale", "half_life_ms", "weights", "n_weights", "max_items_per_user"),
        *("max_users_per_item", "reserved"),
    ],
    "pmkt_cf_matrix": ["users", "items", "at", "item", "borrow"],
    "pmkt_cf_als_options": [
        *("factors", "iterations", "loss", "solver", "cg_steps", "regularization", "alpha"),
        *("unobserved", "nu", "sigma", "reserved"),
    ],
    "pmkt_cf_knn_options": ["similarity", "neighbors", "shrinkage", "k1", "b"],
    "pmkt_cf_popularity_options": ["by", "reserved"],
    "pmkt_cf_factors": ["factors", "users", "items", "user_factors", "item_factors"],
    "pmkt_cf_query": ["k", "fallback", "exclude_at", "exclude"],
    "pmkt_cf_history": ["rows", "at", "items", "reserved"],
    "pmkt_cf_answer": ["ids", "counts", "reserved"],
    "pmkt_cf_split_options": ["how", "test", "last", "reserved"],
    "pmkt_funnel_step": ["kinds", "n_kinds"],
    "pmkt_funnel_options": [
        *("open", "strict", "hold", "count", "by_column", "window_ms", "gap_ms"),
    ],
    "pmkt_paths_options": [
        *("top", "max_length", "collapse", "goal", "page", "top_pages", "by_column"),
        *("user_hours", "reserved", "gap_ms", "soon_ms"),
    ],
    "pmkt_cf_evaluate_options": [
        *("n_k", "fallback", "n_groups", "group", "bootstrap", "level", "reserved"),
    ],
    "pmkt_attribution_paths": ["paths", "at", "channel", "reserved"],
    "pmkt_attribution_options": [
        *("model", "order", "first_share", "last_share", "half_life_ms", "half_life_touches"),
        *("bootstrap", "level", "reserved"),
    ],
    "pmkt_attribution_order_options": ["max_order", "folds"],
    "pmkt_attribution_data_options": [
        *("conversion", "n_touch_kinds", "window_ms", "same_touch_ms", "merge", "reserved"),
    ],
    "pmkt_intent_options": ["order", "gap_ms", "by_session"],
    "pmkt_intent_paths": ["n", "at", "action", "reserved"],
    "pmkt_intent_answers": ["reserved"],
    "pmkt_intent_table": ["reserved"],
}

# These set an output to zero or NULL when they refuse, as their headers say.
WRITES_WHEN_REFUSED = {
    "pmkt_ids_name",
    "pmkt_rfm_migration_list",
    "pmkt_rfm_migration_matrix",
    "pmkt_rfm_migration_users",
}

# These use up what they are given, whatever they answer.
CONSUMES = {
    "pmkt_arrow_events_open",
    "pmkt_arrow_events_next",
    "pmkt_arrow_events_all",
    "pmkt_arrow_items_open",
    "pmkt_arrow_items_next",
    "pmkt_arrow_items_all",
    "pmkt_arrow_ids",
}

# Output structs whose content holds pointers, which two equal calls do not share.
NOT_COMPARABLE = {
    *("pmkt_rfm_columns", "pmkt_cf_matrix", "pmkt_cf_factors", "pmkt_cf_figures"),
    *("pmkt_attribution_table", "pmkt_attribution_paths"),
}

# The parts of the world beside the core, in the order of making: world_<part>.h.
PARTS = ["files", "ids", "idset", "arrow", "cf", "attribution"]
NOT_COMPARABLE = {"pmkt_rfm_columns", "pmkt_cf_matrix", "pmkt_cf_factors", "pmkt_cf_figures"}
NOT_COMPARABLE |= {"pmkt_funnel_columns", "pmkt_paths_columns"}

# The parts of the world beside the core, in the order of making: world_<part>.h.
PARTS = ["files", "ids", "idset", "arrow", "cf", "funnel"]
PARTS = ["files", "ids", "idset", "arrow", "cf", "intent"]
