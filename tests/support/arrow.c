#include "support/arrow.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static void *fresh(size_t bytes) {
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p) abort(); /* the machine is out of memory: no test can go on */
    return p;
}

/* -------------------------------------------------------------------------- schemas */

static void release_schema(struct ArrowSchema *schema) {
    arrow_producer *producer = schema->private_data;
    for (int64_t i = 0; schema->children && i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child && child->release) child->release(child);
        free(child);
    }
    if (schema->dictionary && schema->dictionary->release) {
        schema->dictionary->release(schema->dictionary);
    }
    free(schema->dictionary);
    free(schema->children);
    schema->release = NULL;
    producer->schemas_released++;
}

static void make_schema(arrow_producer *producer, const arrow_node *node, struct ArrowSchema *out) {
    *out = (struct ArrowSchema){.format = node->format,
                                .name = node->name,
                                .flags = ARROW_FLAG_NULLABLE,
                                .n_children = node->n_children,
                                .release = release_schema,
                                .private_data = producer};
    producer->schemas_given++;
    if (node->n_children > 0 && !node->no_children) {
        out->children = fresh((size_t)node->n_children * sizeof *out->children);
        for (int64_t i = 0; i < node->n_children; i++) {
            if (!node->children[i]) continue;
            out->children[i] = fresh(sizeof **out->children);
            make_schema(producer, node->children[i], out->children[i]);
        }
    }
    if (node->dictionary) {
        out->dictionary = fresh(sizeof *out->dictionary);
        make_schema(producer, node->dictionary, out->dictionary);
    }
}

/* --------------------------------------------------------------------------- arrays */

static void release_array(struct ArrowArray *array) {
    arrow_producer *producer = array->private_data;
    for (int64_t i = 0; array->children && i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child && child->release) child->release(child);
        free(child);
    }
    if (array->dictionary && array->dictionary->release) {
        array->dictionary->release(array->dictionary);
    }
    free(array->dictionary);
    free(array->children);
    free(array->buffers);
    array->release = NULL;
    producer->arrays_released++;
}

static void make_array(arrow_producer *producer, const arrow_node *node, struct ArrowArray *out) {
    *out = (struct ArrowArray){.length = node->length,
                               .null_count = node->null_count,
                               .offset = node->offset,
                               .n_buffers = node->n_buffers,
                               .n_children = node->n_children,
                               .release = release_array,
                               .private_data = producer};
    producer->arrays_given++;
    if (!node->no_buffers) {
        out->buffers = fresh(sizeof node->buffers);
        memcpy(out->buffers, node->buffers, sizeof node->buffers);
    }
    if (node->n_children > 0 && !node->no_children) {
        out->children = fresh((size_t)node->n_children * sizeof *out->children);
        for (int64_t i = 0; i < node->n_children; i++) {
            if (!node->children[i]) continue;
            out->children[i] = fresh(sizeof **out->children);
            make_array(producer, node->children[i], out->children[i]);
        }
    }
    if (node->dictionary) {
        out->dictionary = fresh(sizeof *out->dictionary);
        make_array(producer, node->dictionary, out->dictionary);
    }
}

/* --------------------------------------------------------------------------- streams */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    arrow_producer *producer = stream->private_data;
    if (producer->schema_fails) {
        memset(out, 0x5A, sizeof *out); /* a failed call leaves what it likes */
        return ENOTSUP;
    }
    make_schema(producer, producer->schema ? producer->schema : producer->chunks[0], out);
    if (producer->schema_is_released) out->release(out);
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    arrow_producer *producer = stream->private_data;
    if (++producer->next == producer->next_fails_at) {
        memset(out, 0x5A, sizeof *out);
        return EIO;
    }
    if (producer->next > producer->n_chunks) {
        out->release = NULL;
        return 0;
    }
    make_array(producer, producer->chunks[producer->next - 1], out);
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the cable came loose";
}

static void release_stream(struct ArrowArrayStream *stream) {
    arrow_producer *producer = stream->private_data;
    stream->release = NULL;
    producer->streams_released++;
}

struct ArrowArrayStream arrow_stream(arrow_producer *producer) {
    producer->streams_given++;
    producer->next = 0;
    return (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream,
                                     producer};
}

void arrow_check_released(const arrow_producer *p) {
    ck_assert_int_eq(p->streams_released, p->streams_given);
    ck_assert_int_eq(p->schemas_released, p->schemas_given);
    ck_assert_int_eq(p->arrays_released, p->arrays_given);
}

/* ----------------------------------------------------------------------------- nodes */

arrow_node arrow_numbers(const char *name, const char *format, int64_t length, const void *valid,
                         const void *values) {
    return (arrow_node){.name = name,
                        .format = format,
                        .length = length,
                        .null_count = valid ? -1 : 0,
                        .n_buffers = 2,
                        .buffers = {valid, values}};
}

arrow_node arrow_texts(const char *name, const char *format, int64_t length, const void *valid,
                       const void *offsets, const char *bytes) {
    arrow_node node = arrow_numbers(name, format, length, valid, offsets);
    node.n_buffers = 3;
    node.buffers[2] = bytes;
    return node;
}

arrow_node arrow_coded(const char *name, const char *format, int64_t length, const void *valid,
                       const void *codes, arrow_node *dictionary) {
    arrow_node node = arrow_numbers(name, format, length, valid, codes);
    node.dictionary = dictionary;
    return node;
}

arrow_node arrow_table(int64_t length, ...) {
    arrow_node node = {.name = "", .format = "+s", .length = length, .n_buffers = 1};
    va_list columns;
    va_start(columns, length);
    for (arrow_node *c = va_arg(columns, arrow_node *); c; c = va_arg(columns, arrow_node *)) {
        node.children[node.n_children++] = c;
    }
    va_end(columns);
    return node;
}

arrow_producer arrow_one(const arrow_node *chunk) {
    return (arrow_producer){.chunks = {chunk}, .n_chunks = 1};
}

/* ---------------------------------------------------------------------------- events */

const uint64_t arrow_users[4] = {7, 8, 9, 10};
const int64_t arrow_times[4] = {ARROW_T, ARROW_T + 1, ARROW_T + 2, ARROW_T + 3};

pmkt_arrow_columns arrow_columns(const char *amount) {
    pmkt_arrow_columns c = PMKT_ARROW_COLUMNS_INIT;
    c.user = "user";
    c.time = "time";
    c.every_kind = PMKT_KIND_ORDER;
    c.amount = amount;
    return c;
}

pmkt_arrow_events *arrow_open(arrow_producer *p, const pmkt_arrow_columns *c) {
    struct ArrowArrayStream stream = arrow_stream(p);
    pmkt_arrow_events *reader = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_arrow_events_open(&stream, c, NULL, &reader, &err), err);
    ck_assert(!stream.release);
    return reader;
}

pmkt_status arrow_try(arrow_producer *p, const pmkt_arrow_columns *c, pmkt_error *err) {
    struct ArrowArrayStream stream = arrow_stream(p);
    pmkt_arrow_events *reader = NULL;
    const pmkt_events *b = NULL;
    pmkt_status status = pmkt_arrow_events_open(&stream, c, NULL, &reader, err);
    ck_assert(!stream.release);
    if (!status) status = pmkt_arrow_events_all(reader, NULL, &b, err);
    pmkt_arrow_events_free(reader);
    arrow_check_released(p);
    return status;
}

const pmkt_events *arrow_read_with(arrow_node *column, const pmkt_arrow_columns *c) {
    static pmkt_arrow_events *reader;
    static arrow_producer producer;
    static arrow_node user, time, chunk;
    pmkt_arrow_events_free(reader);
    reader = NULL;
    user = arrow_numbers("user", "L", column->length, NULL, arrow_users);
    time = arrow_numbers("time", "tsm:UTC", column->length, NULL, arrow_times);
    chunk = arrow_table(column->length, &user, &time, column, NULL);
    producer = arrow_one(&chunk);
    reader = arrow_open(&producer, c);
    const pmkt_events *b = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_arrow_events_all(reader, NULL, &b, &err), err);
    return b;
}
