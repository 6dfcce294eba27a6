#include "core/codec.h"

#include "core/error.h"

#if PMKTI_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

/* What level 19 writes; more would let a small file ask for much memory. */
#define MOST_WINDOW 23

pmkt_status pmkti_codec_check(pmkt_error *err) {
    (void)err;
    return PMKT_OK;
}

static pmkt_status no_memory(pmkt_error *err) {
    return pmkti_fail(err, PMKT_E_NOMEM, "zstd has no memory");
}

pmkt_status pmkti_packer_begin(pmkti_codec *codec, int level, pmkt_error *err) {
    if (!codec->packer) codec->packer = ZSTD_createCCtx();
    if (!codec->packer) return no_memory(err);
    (void)ZSTD_CCtx_reset(codec->packer, ZSTD_reset_session_only);
    (void)ZSTD_CCtx_setParameter(codec->packer, ZSTD_c_compressionLevel, level);
    return PMKT_OK;
}

pmkt_status pmkti_pack(pmkti_codec *codec, pmkti_flow *flow, bool end, bool *done,
                       pmkt_error *err) {
    ZSTD_inBuffer in = {flow->in, flow->n_in, 0};
    ZSTD_outBuffer out = {flow->out, flow->room, 0};
    const size_t left =
        ZSTD_compressStream2(codec->packer, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) return no_memory(err); /* nothing else can happen to plain bytes */
    if (in.pos > 0) flow->in += in.pos;
    flow->n_in -= in.pos;
    flow->out += out.pos;
    flow->room -= out.pos;
    *done = end && left == 0;
    return PMKT_OK;
}

pmkt_status pmkti_unpacker_begin(pmkti_codec *codec, pmkt_error *err) {
    if (!codec->unpacker) codec->unpacker = ZSTD_createDCtx();
    if (!codec->unpacker) return no_memory(err);
    (void)ZSTD_DCtx_reset(codec->unpacker, ZSTD_reset_session_only);
    (void)ZSTD_DCtx_setParameter(codec->unpacker, ZSTD_d_windowLogMax, MOST_WINDOW);
    return PMKT_OK;
}

pmkt_status pmkti_unpack(pmkti_codec *codec, pmkti_flow *flow, bool *done, pmkt_error *err) {
    ZSTD_inBuffer in = {flow->in, flow->n_in, 0};
    ZSTD_outBuffer out = {flow->out, flow->room, 0};
    const size_t left = ZSTD_decompressStream(codec->unpacker, &out, &in);
    if (ZSTD_isError(left)) {
        const bool memory = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation;
        return memory ? no_memory(err) : PMKT_E_CORRUPT;
    }
    if (in.pos > 0) flow->in += in.pos;
    flow->n_in -= in.pos;
    if (out.pos > 0) flow->out += out.pos;
    flow->room -= out.pos;
    *done = left == 0;
    return PMKT_OK;
}

void pmkti_codec_end(pmkti_codec *codec) {
    (void)ZSTD_freeCCtx(codec->packer);
    (void)ZSTD_freeDCtx(codec->unpacker);
    *codec = (pmkti_codec){NULL, NULL};
}

#else

pmkt_status pmkti_codec_check(pmkt_error *err) {
    return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                      "this build of libpmkt has no zstd, and can neither write nor read "
                      "compressed files");
}

pmkt_status pmkti_packer_begin(pmkti_codec *codec, int level, pmkt_error *err) {
    (void)codec;
    (void)level;
    return pmkti_codec_check(err);
}

pmkt_status pmkti_pack(pmkti_codec *codec, pmkti_flow *flow, bool end, bool *done,
                       pmkt_error *err) {
    (void)codec;
    (void)flow;
    (void)end;
    (void)done;
    return pmkti_codec_check(err);
}

pmkt_status pmkti_unpacker_begin(pmkti_codec *codec, pmkt_error *err) {
    (void)codec;
    return pmkti_codec_check(err);
}

pmkt_status pmkti_unpack(pmkti_codec *codec, pmkti_flow *flow, bool *done, pmkt_error *err) {
    (void)codec;
    (void)flow;
    (void)done;
    return pmkti_codec_check(err);
}

void pmkti_codec_end(pmkti_codec *codec) {
    (void)codec;
}

#endif
