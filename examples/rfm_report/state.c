#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "terminal.h"

/* The customers' texts stand beside the state, which holds ids only. */
static char *path_of_names(const options *asked) {
    char *path = NULL;
    return asprintf(&path, "%s.ids", asked->state) < 0 ? NULL : path;
}

static int failed(const char *path, const pmkt_error *err) {
    if (err->code == PMKT_E_IO) { /* whose message names the file */
        complain("%s", err->message);
    } else if (err->code != PMKT_E_CANCELED) {
        complain("%s: %s", path, err->message);
    }
    return EXIT_DATA;
}

static bool is_missing(pmkt_status status, const pmkt_error *err) {
    return status == PMKT_E_IO && err->sys_errno == ENOENT;
}

/* Reads both files. A state that is not there yet is an empty one; half of one is a mistake. */
static int load(const options *asked, const pmkt_run *run, state *old) {
    char *path = path_of_names(asked);
    if (path == NULL) {
        complain("out of memory");
        return EXIT_DATA;
    }
    pmkt_error of_state, of_names;
    const pmkt_status found = pmkt_rfm_load(asked->state, NULL, run, &old->rfm, &of_state);
    const pmkt_status named = pmkt_ids_load(path, NULL, run, &old->names, &of_names);
    int code = EXIT_DONE;
    if (is_missing(found, &of_state)) {
        if (!is_missing(named, &of_names)) {
            complain("%s is there, but %s is not; remove it to begin anew", path, asked->state);
            code = EXIT_DATA;
        }
    } else if (found != PMKT_OK) {
        code = failed(asked->state, &of_state);
    } else if (named != PMKT_OK) {
        code = failed(path, &of_names);
    }
    free(path);
    return code;
}

/* Takes over what was known; the library says whether it goes together with what is asked. */
static int take_over(state *into, const state *old, const options *asked, const pmkt_run *run) {
    pmkt_error err;
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    if (old->rfm == NULL) return EXIT_DONE;
    if (pmkt_rfm_stats(old->rfm, &counters, NULL) == PMKT_OK) {
        into->rows_before = counters.rows_accepted;
    }
    if (pmkt_rfm_merge(into->rfm, old->rfm, run, &err) == PMKT_OK &&
        pmkt_ids_merge(into->names, old->names, run, &err) == PMKT_OK) {
        return EXIT_DONE;
    }
    if (err.code != PMKT_E_MISMATCH) return failed(asked->state, &err);
    complain("%s: %s (the one kept there and that of this run)", asked->state, err.message);
    return EXIT_USAGE;
}

static int new_state(state *out, const options *asked, const pmkt_zone *zone) {
    pmkt_error err;
    pmkt_rfm_options how = PMKT_RFM_OPTIONS_INIT;
    how.zone = zone;
    how.unpriced = asked->no_amounts;
    if (pmkt_rfm_new(&how, &out->rfm, &err) == PMKT_OK &&
        pmkt_ids_new(NULL, &out->names, &err) == PMKT_OK) {
        return EXIT_DONE;
    }
    complain("%s", err.message);
    return EXIT_DATA;
}

int state_open(state *out, const options *asked, const pmkt_zone *zone, const pmkt_run *run) {
    int code = new_state(out, asked, zone);
    if (code != EXIT_DONE || asked->state == NULL) return code;
    state old = {NULL, NULL, 0};
    code = load(asked, run, &old);
    if (code == EXIT_DONE) code = take_over(out, &old, asked, run);
    state_free(&old);
    return code;
}

bool state_save(const state *of, const options *asked, const pmkt_run *run) {
    pmkt_error err;
    if (asked->state == NULL) return true;
    char *path = path_of_names(asked);
    if (path == NULL) {
        complain("out of memory");
        return false;
    }
    /* The names first: if the second file fails, there are names too many, which does no harm. */
    const char *failing = path;
    bool good = pmkt_ids_save(of->names, path, NULL, run, &err) == PMKT_OK;
    if (good) {
        failing = asked->state;
        good = pmkt_rfm_save(of->rfm, asked->state, NULL, run, &err) == PMKT_OK;
    }
    if (!good) failed(failing, &err);
    free(path);
    return good;
}

void state_free(state *of) {
    pmkt_rfm_free(of->rfm);
    pmkt_ids_free(of->names);
}
