#include "core/arrow/stream.h"

#include "core/error.h"

pmkt_status pmkti_stream_take(struct ArrowArrayStream *stream, struct ArrowArrayStream *mine,
                              pmkt_error *err) {
    mine->release = NULL;
    if (!stream) return pmkti_null(err, "stream");
    if (!stream->release) {
        return pmkti_fail(err, PMKT_E_INVALID, "the stream is released already, or never was one");
    }
    *mine = *stream;
    stream->release = NULL;
    if (!mine->get_schema || !mine->get_next) {
        return pmkti_fail(err, PMKT_E_INVALID, "the stream lacks get_schema or get_next");
    }
    return PMKT_OK;
}

static pmkt_status stream_failed(struct ArrowArrayStream *stream, int code, const char *call,
                                 pmkt_error *err) {
    const char *why = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    (void)pmkti_fail(err, PMKT_E_IO, "the Arrow stream's %s failed with code %d: %.150s", call,
                     code, why ? why : "it does not say why");
    if (err) err->sys_errno = code;
    return PMKT_E_IO;
}

pmkt_status pmkti_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema,
                                pmkt_error *err) {
    *schema = (struct ArrowSchema){0};
    const int code = stream->get_schema(stream, schema);
    if (code) {
        *schema = (struct ArrowSchema){0}; /* a failed call gave none, whatever it left there */
        return stream_failed(stream, code, "get_schema", err);
    }
    if (schema->release) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "the Arrow stream gave a schema that is released");
}

pmkt_status pmkti_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *chunk,
                              pmkt_error *err) {
    *chunk = (struct ArrowArray){0};
    const int code = stream->get_next(stream, chunk);
    if (!code) return PMKT_OK;
    *chunk = (struct ArrowArray){0};
    return stream_failed(stream, code, "get_next", err);
}

void pmkti_stream_release(struct ArrowArrayStream *stream) {
    if (stream->release) stream->release(stream);
    stream->release = NULL;
}

void pmkti_schema_release(struct ArrowSchema *schema) {
    if (schema->release) schema->release(schema);
    schema->release = NULL;
}

void pmkti_array_release(struct ArrowArray *array) {
    if (array->release) array->release(array);
    array->release = NULL;
}
