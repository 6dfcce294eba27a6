#include "core/arrow/out.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/alloc.h"
#include "core/error.h"

#define ALIGN 64 /* what the format recommends; a multiple of what the allocator gives */

typedef struct block {
    struct block *next;
    size_t bytes;
} block;

struct pmkti_frame {
    pmkt_allocator allocator;
    atomic_int references;
    int64_t rows;
    int64_t n_columns, room;
    block *blocks;
    void *owner;
    void (*let_go)(void *owner);
    pmkti_frame_column columns[]; /* [room] */
};

/* -------------------------------------------------------------------------- frames */

static size_t frame_bytes(int64_t room) {
    return sizeof(pmkti_frame) + (size_t)room * sizeof(pmkti_frame_column);
}

pmkti_frame *pmkti_frame_new(const pmkt_allocator *allocator, int64_t rows, int64_t most) {
    pmkti_frame *frame = pmkti_alloc_zero(allocator, 1, frame_bytes(most));
    if (!frame) return NULL;
    frame->allocator = *allocator;
    atomic_init(&frame->references, 1);
    frame->rows = rows;
    frame->room = most;
    return frame;
}

void pmkti_frame_own(pmkti_frame *frame, void *owner, void (*let_go)(void *owner)) {
    frame->owner = owner;
    frame->let_go = let_go;
}

void *pmkti_frame_alloc(pmkti_frame *frame, size_t n, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX / 2) return NULL;
    bytes += sizeof(block) + ALIGN;
    block *b = pmkti_alloc(&frame->allocator, bytes, 1);
    if (!b) return NULL;
    *b = (block){frame->blocks, bytes};
    frame->blocks = b;
    const uintptr_t begin = (uintptr_t)(b + 1);
    return (unsigned char *)(b + 1) + (ALIGN - begin % ALIGN) % ALIGN;
}

pmkti_frame_column *pmkti_frame_add(pmkti_frame *frame) {
    return &frame->columns[frame->n_columns++];
}

static void hold(pmkti_frame *frame) {
    atomic_fetch_add_explicit(&frame->references, 1, memory_order_relaxed);
}

void pmkti_frame_release(pmkti_frame *frame) {
    if (atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel) > 1) return;
    const pmkt_allocator allocator = frame->allocator;
    for (block *b = frame->blocks; b;) {
        block *next = b->next;
        pmkti_free(&allocator, b, b->bytes, 1);
        b = next;
    }
    if (frame->let_go) frame->let_go(frame->owner);
    pmkti_free(&allocator, frame, 1, frame_bytes(frame->room));
}

/* -------------------------------------------------------------------------- schemas */

/*
 * A child may be moved out of its parent and outlive it, so each holds the frame itself. A column
 * without a dictionary needs nothing besides, and its private data is the frame; the others have a
 * node of their own.
 */
typedef struct schema_node {
    pmkti_frame *frame;
    size_t bytes;
    int64_t n;
    struct ArrowSchema *child[1]; /* the dictionary, or [n] pointers at the schemas behind them */
} schema_node;

static void release_column_schema(struct ArrowSchema *schema) {
    pmkti_frame *frame = schema->private_data;
    schema->release = NULL;
    pmkti_frame_release(frame);
}

static void release_node_schema(struct ArrowSchema *schema) {
    schema_node *node = schema->private_data;
    pmkti_frame *frame = node->frame;
    schema->release = NULL;
    for (int64_t i = 0; i < node->n; i++) {
        if (node->child[i]->release) node->child[i]->release(node->child[i]);
    }
    pmkti_free(&frame->allocator, node, node->bytes, 1);
    pmkti_frame_release(frame);
}

/* A node with n children, all of them released. */
static schema_node *new_schema_node(pmkti_frame *frame, int64_t n) {
    const size_t head = sizeof(schema_node) + (size_t)n * sizeof(struct ArrowSchema *);
    const size_t bytes = head + (size_t)n * sizeof(struct ArrowSchema);
    schema_node *node = pmkti_alloc_zero(&frame->allocator, bytes, 1);
    if (!node) return NULL;
    struct ArrowSchema *children = (void *)((unsigned char *)node + head);
    *node = (schema_node){.frame = frame, .bytes = bytes, .n = n};
    for (int64_t i = 0; i < n; i++) node->child[i] = &children[i];
    hold(frame);
    return node;
}

static int column_schema(pmkti_frame *frame, const pmkti_frame_column *column,
                         struct ArrowSchema *out) {
    struct ArrowSchema schema = {.format = column->format,
                                 .name = column->name,
                                 .flags = column->nullable ? ARROW_FLAG_NULLABLE : 0,
                                 .release = release_column_schema,
                                 .private_data = frame};
    if (column->n_names > 0) {
        schema_node *node = new_schema_node(frame, 1);
        if (!node) return ENOMEM;
        *node->child[0] = (struct ArrowSchema){
            .format = "u", .name = "", .release = release_column_schema, .private_data = frame};
        schema.dictionary = node->child[0];
        schema.release = release_node_schema;
        schema.private_data = node;
    }
    hold(frame);
    *out = schema;
    return 0;
}

static int frame_schema(pmkti_frame *frame, struct ArrowSchema *out) {
    schema_node *node = new_schema_node(frame, frame->n_columns);
    if (!node) return ENOMEM;
    struct ArrowSchema schema = {.format = "+s",
                                 .name = "",
                                 .n_children = node->n,
                                 .children = node->child,
                                 .release = release_node_schema,
                                 .private_data = node};
    for (int64_t i = 0; i < node->n; i++) {
        const int code = column_schema(frame, &frame->columns[i], node->child[i]);
        if (!code) continue;
        release_node_schema(&schema);
        return code;
    }
    *out = schema;
    return 0;
}

/* --------------------------------------------------------------------------- arrays */

typedef struct array_node {
    pmkti_frame *frame;
    size_t bytes;
    int64_t n;
    const void *no_buffers[1]; /* of the struct: it has no nulls of its own */
    struct ArrowArray *child[1];
} array_node;

static void release_column_array(struct ArrowArray *array) {
    pmkti_frame *frame = array->private_data;
    array->release = NULL;
    pmkti_frame_release(frame);
}

static void release_node_array(struct ArrowArray *array) {
    array_node *node = array->private_data;
    pmkti_frame *frame = node->frame;
    array->release = NULL;
    for (int64_t i = 0; i < node->n; i++) {
        if (node->child[i]->release) node->child[i]->release(node->child[i]);
    }
    pmkti_free(&frame->allocator, node, node->bytes, 1);
    pmkti_frame_release(frame);
}

static array_node *new_array_node(pmkti_frame *frame, int64_t n) {
    const size_t head = sizeof(array_node) + (size_t)n * sizeof(struct ArrowArray *);
    const size_t bytes = head + (size_t)n * sizeof(struct ArrowArray);
    array_node *node = pmkti_alloc_zero(&frame->allocator, bytes, 1);
    if (!node) return NULL;
    struct ArrowArray *children = (void *)((unsigned char *)node + head);
    *node = (array_node){.frame = frame, .bytes = bytes, .n = n};
    for (int64_t i = 0; i < n; i++) node->child[i] = &children[i];
    hold(frame);
    return node;
}

static int column_array(pmkti_frame *frame, pmkti_frame_column *column, struct ArrowArray *out) {
    struct ArrowArray array = {.length = frame->rows,
                               .null_count = column->null_count,
                               .n_buffers = column->n_buffers,
                               .buffers = column->buffers,
                               .release = release_column_array,
                               .private_data = frame};
    if (column->n_names > 0) {
        array_node *node = new_array_node(frame, 1);
        if (!node) return ENOMEM;
        *node->child[0] = (struct ArrowArray){.length = column->n_names,
                                              .n_buffers = 3,
                                              .buffers = column->name_buffers,
                                              .release = release_column_array,
                                              .private_data = frame};
        hold(frame);
        array.dictionary = node->child[0];
        array.release = release_node_array;
        array.private_data = node;
    } else {
        hold(frame);
    }
    *out = array;
    return 0;
}

static int frame_array(pmkti_frame *frame, struct ArrowArray *out) {
    array_node *node = new_array_node(frame, frame->n_columns);
    if (!node) return ENOMEM;
    struct ArrowArray array = {.length = frame->rows,
                               .n_buffers = 1,
                               .n_children = node->n,
                               .buffers = node->no_buffers,
                               .children = node->child,
                               .release = release_node_array,
                               .private_data = node};
    for (int64_t i = 0; i < node->n; i++) {
        const int code = column_array(frame, &frame->columns[i], node->child[i]);
        if (!code) continue;
        release_node_array(&array);
        return code;
    }
    *out = array;
    return 0;
}

/* ----------------------------------------------------------------------- the stream */

typedef struct source {
    pmkti_frame *frame;
    bool is_done, has_failed;
} source;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    source *s = stream->private_data;
    const int code = frame_schema(s->frame, out);
    s->has_failed = code != 0;
    return code;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    source *s = stream->private_data;
    s->has_failed = false;
    if (s->is_done) {
        *out = (struct ArrowArray){0};
        return 0;
    }
    const int code = frame_array(s->frame, out);
    s->has_failed = code != 0;
    s->is_done = code == 0;
    return code;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    const source *s = stream->private_data;
    return s->has_failed ? "the allocator could not give memory" : NULL;
}

static void release_stream(struct ArrowArrayStream *stream) {
    source *s = stream->private_data;
    pmkti_frame *frame = s->frame;
    stream->release = NULL;
    pmkti_free(&frame->allocator, s, 1, sizeof *s);
    pmkti_frame_release(frame);
}

pmkt_status pmkti_frame_export(pmkti_frame *frame, struct ArrowArrayStream *stream,
                               pmkt_error *err) {
    source *s = pmkti_alloc_zero(&frame->allocator, 1, sizeof *s);
    if (!s) return pmkti_no_memory(err, sizeof *s);
    s->frame = frame;
    *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, s};
    return PMKT_OK;
}
