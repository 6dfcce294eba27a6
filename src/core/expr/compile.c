#include <string.h>

#include "core/alloc.h"
#include "core/expr/build.h"
#include "core/zone.h"

void *pmkti_expr_push(pmkti_builder *b, pmkti_vector *v, int32_t n, size_t size) {
    if (v->room - v->n < n) {
        /* Limits on length and nodes keep this far below 2^31. */
        const int32_t room = (v->room + n) * 2 < 64 ? 64 : (v->room + n) * 2;
        void *at = v->at ? pmkti_resize(&b->allocator, v->at, (size_t)v->room, (size_t)room, size)
                         : pmkti_alloc(&b->allocator, (size_t)room, size);
        if (!at) {
            if (!b->status) b->status = pmkti_no_memory(b->err, (size_t)room * size);
            return NULL;
        }
        v->at = at;
        v->room = room;
    }
    char *first = (char *)v->at + (size_t)v->n * size;
    memset(first, 0, (size_t)n * size);
    v->n += n;
    return first;
}

/* ------------------------------------------------------------------ options */

static pmkt_status choose(int32_t *limit, int32_t given, int32_t usual, int32_t most,
                          const char *name, pmkt_error *err) {
    if (given < 0 || given > most) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %d, expected 0 (%d) to %d", name,
                          (int)given, (int)usual, (int)most);
    }
    *limit = given ? given : usual;
    return PMKT_OK;
}

static pmkt_status check_options(const pmkti_expr_options *options, pmkti_expr_options *mine,
                                 pmkt_error *err) {
    const pmkti_expr_options given = options ? *options : (pmkti_expr_options){0};
    if (given.result < 0 || given.result > PMKTI_EXPR_ID) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.result is %d, expected 0 (any) to %d",
                          (int)given.result, PMKTI_EXPR_ID);
    }
    mine->result = given.result;
    pmkt_status s = choose(&mine->max_length, given.max_length, 65536, 1048576, "max_length", err);
    if (!s) s = choose(&mine->max_depth, given.max_depth, 50, 200, "max_depth", err);
    if (!s) s = choose(&mine->max_nodes, given.max_nodes, 20000, 1000000, "max_nodes", err);
    if (!s) s = choose(&mine->max_list, given.max_list, 10000, 1000000, "max_list", err);
    if (!s) s = choose(&mine->max_params, given.max_params, 256, 65536, "max_params", err);
    return s;
}

/* ------------------------------------------------------------------- program */

/* Where the parts of the one block begin; each is aligned for any of our types. */
typedef struct layout {
    size_t nodes, code, literals, sets, functions, fields, params, texts, bytes;
} layout;

static size_t place(size_t *bytes, int64_t n, size_t size) {
    const size_t at = *bytes;
    *bytes += ((size_t)n * size + 15) / 16 * 16;
    return at;
}

static int32_t count_used(const uint8_t *used, int32_t n) {
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) count += used[i];
    return count;
}

static void list_used(const uint8_t *used, int32_t n, int32_t *list) {
    for (int32_t i = 0; i < n; i++) {
        if (used[i]) *list++ = i;
    }
}

static void *part(void *block, size_t at, const pmkti_vector *v, size_t size) {
    char *to = (char *)block + at;
    if (v->n > 0) memcpy(to, v->at, (size_t)v->n * size);
    return to;
}

/* What emit and the printer need to know of the finished tree. */
static void finish_nodes(const pmkti_builder *b, pmkti_expr_node *nodes, int32_t root) {
    nodes[root].parent = -1;
    for (int32_t i = 0; i < b->nodes.n; i++) {
        pmkti_expr_node *n = &nodes[i];
        n->at = 0;
        if (n->kind == PMKTI_NODE_LITERAL && n->type == PMKTI_EXPR_TIME) {
            n->offset = pmkti_zone_offset(&b->zone, n->value.i);
        }
        if (n->kind >= PMKTI_NODE_UNARY) nodes[n->a].parent = i;
        if (n->kind < PMKTI_NODE_CALL) continue;
        for (int32_t k = n->b; k >= 0; k = nodes[k].next) nodes[k].parent = i;
    }
}

/* Parameters become known as scalars once the literals are counted. */
static void finish_code(pmkti_code *code, int32_t n, int32_t n_literals) {
    for (int32_t i = 0; i < n; i++) {
        if (code[i].scalar && code[i].b < 0) code[i].b = n_literals - 1 - code[i].b;
    }
}

static pmkti_expr *freeze(pmkti_builder *b, int32_t root) {
    const uint8_t *used_params = b->used + b->schema->n_fields;
    const int32_t n_fields = count_used(b->used, b->schema->n_fields);
    layout l;
    l.bytes = (sizeof(pmkti_expr) + 15) / 16 * 16;
    l.nodes = place(&l.bytes, b->nodes.n, sizeof(pmkti_expr_node));
    l.code = place(&l.bytes, b->code.n, sizeof(pmkti_code));
    l.literals = place(&l.bytes, b->literals.n, sizeof(pmkti_value));
    l.sets = place(&l.bytes, b->sets.n, sizeof(pmkti_value));
    l.functions = place(&l.bytes, b->functions.n, sizeof(pmkti_expr_function));
    l.fields = place(&l.bytes, n_fields, sizeof(int32_t));
    l.params = place(&l.bytes, b->n_params, sizeof(int32_t));
    l.texts = place(&l.bytes, b->texts.n, 1);
    pmkti_expr *p = pmkti_alloc_zero(&b->allocator, l.bytes, 1);
    if (!p) {
        b->status = pmkti_no_memory(b->err, l.bytes);
        return NULL;
    }
    pmkti_expr_node *nodes = part(p, l.nodes, &b->nodes, sizeof *nodes);
    pmkti_code *code = part(p, l.code, &b->code, sizeof *code);
    int32_t *fields = (int32_t *)(void *)((char *)p + l.fields);
    int32_t *params = (int32_t *)(void *)((char *)p + l.params);
    finish_nodes(b, nodes, root);
    finish_code(code, b->code.n, b->literals.n);
    list_used(b->used, b->schema->n_fields, fields);
    list_used(used_params, b->schema->n_params, params);
    p->allocator = b->allocator;
    p->bytes = l.bytes;
    p->nodes = nodes, p->n_nodes = b->nodes.n;
    p->code = code, p->n_code = b->code.n;
    p->literals = part(p, l.literals, &b->literals, sizeof *p->literals);
    p->n_literals = b->literals.n;
    p->sets = part(p, l.sets, &b->sets, sizeof *p->sets), p->n_sets = b->sets.n;
    p->functions = part(p, l.functions, &b->functions, sizeof *p->functions);
    p->n_functions = b->functions.n;
    p->texts = part(p, l.texts, &b->texts, 1), p->n_texts = b->texts.n;
    p->fields = fields, p->n_fields = n_fields;
    p->params = params, p->n_params = b->n_params;
    p->n_registers = b->n_registers;
    p->root = root;
    return p;
}

/* ------------------------------------------------------------------- compile */

static bool check_result(pmkti_builder *b, int32_t root) {
    pmkti_expr_node *n = pmkti_expr_node_at(b, root);
    const int32_t wanted = b->limits.result;
    if (wanted == 0 || n->type == wanted) return true;
    if ((wanted == PMKTI_EXPR_DOUBLE && n->type == PMKTI_EXPR_INT) ||
        (wanted == PMKTI_EXPR_ID && n->type == PMKTI_EXPR_TEXT)) {
        n->as = (uint8_t)wanted;
        return true;
    }
    return pmkti_expr_fail(b, n->at, "the result must be %s, but this is %s",
                           pmkti_expr_type_name(wanted), pmkti_expr_type_name(n->type)),
           false;
}

static pmkti_expr *build(pmkti_builder *b) {
    const size_t names = (size_t)b->schema->n_fields + (size_t)b->schema->n_params + 1;
    b->used = pmkti_alloc_zero(&b->allocator, names, 1);
    if (!b->used) {
        b->status = pmkti_no_memory(b->err, names);
        return NULL;
    }
    const int32_t root = pmkti_expr_lex_check(b) ? pmkti_expr_parse(b) : -1;
    const bool is_done = root >= 0 && check_result(b, root) && pmkti_expr_emit(b, root);
    pmkti_expr *program = is_done ? freeze(b, root) : NULL;
    pmkti_free(&b->allocator, b->used, names, 1);
    return program;
}

static void free_vector(pmkti_builder *b, pmkti_vector *v, size_t size) {
    pmkti_free(&b->allocator, v->at, (size_t)v->room, size);
}

pmkt_status pmkti_expr_compile(const pmkt_allocator *allocator, const pmkti_expr_schema *schema,
                               const char *text, size_t length, const pmkti_expr_options *options,
                               pmkti_expr **program, pmkt_error *err) {
    return pmkti_expr_compile_part(allocator, schema, text, 0, length, options, program, err);
}

pmkt_status pmkti_expr_compile_part(const pmkt_allocator *allocator,
                                    const pmkti_expr_schema *schema, const char *text, size_t from,
                                    size_t length, const pmkti_expr_options *options,
                                    pmkti_expr **program, pmkt_error *err) {
    if (!program) return pmkti_null(err, "program");
    if (!text && length > 0) return pmkti_null(err, "text");
    pmkti_builder b = {.schema = schema, .text = text ? text : "", .err = err};
    pmkt_status status = pmkti_allocator_check(allocator, &b.allocator, err);
    if (!status) status = check_options(options, &b.limits, err);
    if (!status) status = pmkti_expr_schema_check(schema, err);
    if (!status) status = pmkti_zone_check(schema->zone, &b.zone, err);
    if (status) return status;
    if (length - from > (size_t)b.limits.max_length || length > INT32_MAX) {
        return pmkti_fail_at(err, PMKT_E_LIMIT, PMKT_WHERE_BYTE,
                             (int64_t)from + b.limits.max_length,
                             "the expression has %zu bytes, but %d are the most", length - from,
                             (int)b.limits.max_length);
    }
    b.from = (int32_t)from;
    b.length = (int32_t)length;
    pmkti_expr *made = build(&b);
    free_vector(&b, &b.nodes, sizeof(pmkti_expr_node));
    free_vector(&b, &b.texts, 1);
    free_vector(&b, &b.code, sizeof(pmkti_code));
    free_vector(&b, &b.literals, sizeof(pmkti_value));
    free_vector(&b, &b.sets, sizeof(pmkti_value));
    free_vector(&b, &b.functions, sizeof(pmkti_expr_function));
    if (made) *program = made;
    return b.status;
}

void pmkti_expr_free(pmkti_expr *program) {
    if (!program) return;
    const pmkt_allocator allocator = program->allocator;
    pmkti_free(&allocator, program, program->bytes, 1);
}

/* -------------------------------------------------------------------- answers */

int32_t pmkti_expr_type(const pmkti_expr *program) {
    return program->nodes[program->root].as;
}

const int32_t *pmkti_expr_fields(const pmkti_expr *program, int32_t *n) {
    *n = program->n_fields;
    return program->fields;
}

const int32_t *pmkti_expr_params(const pmkti_expr *program, int32_t *n) {
    *n = program->n_params;
    return program->params;
}

size_t pmkti_expr_bytes(const pmkti_expr *program) {
    return program->bytes;
}

pmkti_value pmkti_expr_missing(int32_t type) {
    switch (pmkti_expr_class(type)) {
        case PMKTI_CLASS_B:
            return (pmkti_value){.i = PMKTI_UNKNOWN};
        case PMKTI_CLASS_D:
            return (pmkti_value){.d = pmkti_to_double(PMKTI_INT_MISSING)};
        case PMKTI_CLASS_U:
            return (pmkti_value){.id = PMKT_ID_NONE};
        default:
            return (pmkti_value){.i = PMKTI_INT_MISSING};
    }
}
