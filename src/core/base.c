#include "pmkt/base.h"

/* What the build says about itself; a build that says nothing is still described. */
#ifndef PMKTI_BUILD_TYPE
#define PMKTI_BUILD_TYPE ""
#endif
#ifndef PMKTI_SANITIZERS
#define PMKTI_SANITIZERS ""
#endif

#define QUOTE_(number) #number
#define QUOTE(number) QUOTE_(number)
#define VERSION \
    QUOTE(PMKT_VERSION_MAJOR) "." QUOTE(PMKT_VERSION_MINOR) "." QUOTE(PMKT_VERSION_PATCH)

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown compiler"
#endif

#if defined(__x86_64__)
#define ARCHITECTURE "x86-64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#else
#define ARCHITECTURE "unknown architecture"
#endif

const char *pmkt_status_name(pmkt_status status) {
    switch (status) {
        case PMKT_OK:
            return "PMKT_OK";
        case PMKT_E_INVALID:
            return "PMKT_E_INVALID";
        case PMKT_E_NOMEM:
            return "PMKT_E_NOMEM";
        case PMKT_E_BAD_ROW:
            return "PMKT_E_BAD_ROW";
        case PMKT_E_OVERFLOW:
            return "PMKT_E_OVERFLOW";
        case PMKT_E_MISMATCH:
            return "PMKT_E_MISMATCH";
        case PMKT_E_UNSUPPORTED:
            return "PMKT_E_UNSUPPORTED";
        case PMKT_E_LIMIT:
            return "PMKT_E_LIMIT";
        case PMKT_E_CANCELED:
            return "PMKT_E_CANCELED";
        case PMKT_E_PARSE:
            return "PMKT_E_PARSE";
        case PMKT_E_IO:
            return "PMKT_E_IO";
        case PMKT_E_CORRUPT:
            return "PMKT_E_CORRUPT";
        case PMKT_E_FORMAT:
            return "PMKT_E_FORMAT";
        case PMKT_E_COLLISION:
            return "PMKT_E_COLLISION";
        case PMKT_E_FORKED:
            return "PMKT_E_FORKED";
        default:
            return "PMKT_E_?";
    }
}

const char *pmkt_version(void) {
    return VERSION;
}

int32_t pmkt_version_number(void) {
    return PMKT_VERSION_MAJOR * 1000000 + PMKT_VERSION_MINOR * 1000 + PMKT_VERSION_PATCH;
}

/* The line is put together by the compiler, so that it can be static without any state. */
#define INFO(type, sanitizers) \
    "libpmkt " VERSION ", " COMPILER ", " type ", " ARCHITECTURE ", sanitizers: " sanitizers
#define IS_SET(text) (sizeof(text) > 1)

const char *pmkt_build_info(void) {
    if (IS_SET(PMKTI_BUILD_TYPE)) {
        return IS_SET(PMKTI_SANITIZERS) ? INFO(PMKTI_BUILD_TYPE, PMKTI_SANITIZERS)
                                        : INFO(PMKTI_BUILD_TYPE, "none");
    }
    return IS_SET(PMKTI_SANITIZERS) ? INFO("no build type", PMKTI_SANITIZERS)
                                    : INFO("no build type", "none");
}
