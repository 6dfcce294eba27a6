/*
 * Every public function, called well and badly: each pointer NULL in turn, each number at its limits, each
 * field of each options struct too, each struct of an older, a newer and a senseless size. The rows are
 * generated from the headers; see generate.py and arguments.py.
 *
 * Whatever the call, errno, the signal mask, the signal handlers and the locale stay as they are. With the
 * argument --tell the program takes the locale of the environment, and prints what every call answered, so
 * that german.py can compare.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include "calls/calls.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    ODD_ERRNO = 77,
    MORE = 64 /* bytes by which a newer caller's struct is longer */
};

static world the_world;

/* The world as it was before the call; 0 where it is not known. */
static struct { uint64_t digest, outputs; } before;

static const char *current = "nothing";
static int failures;
static bool tells_all;

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%s: ", current);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    failures++;
}

/* A call that crashes is named before the program ends. */
static void crashed(int number) {
    static const char says[] = ": crashed\n";
    if (write(STDOUT_FILENO, current, strlen(current)) < 0 ||
        write(STDOUT_FILENO, says, sizeof says - 1) < 0) {
        _exit(2);
    }
    signal(number, SIG_DFL);
    raise(number);
}

void world_complains(const char *what) {
    complain("%s", what);
}

static void remake(void) {
    world_drop(&the_world);
    world_make(&the_world);
    before.digest = 0;
}

static void look_at_world(void) {
    if (before.digest) return;
    before.digest = world_digest(&the_world);
    before.outputs = world_outputs(&the_world);
}

/* ------------------------------------------------------------- the process */

typedef struct process {
    sigset_t mask;
    void (*handlers[32])(int);
} process;

static void look_at_process(process *p) {
    sigset_t none;
    memset(p, 0, sizeof *p);
    sigemptyset(&none);
    sigprocmask(SIG_BLOCK, &none, &p->mask);
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0) p->handlers[i] = action.sa_handler;
    }
}

static bool is_filled(const void *bytes, int byte, size_t n) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++) {
        if (at[i] != byte) return false;
    }
    return true;
}

static const char *message(void) {
    static char text[sizeof the_world.err.message + 1];
    memcpy(text, the_world.err.message, sizeof the_world.err.message);
    return text;
}

static void tell(pmkt_status status) {
    if (status == PMKT_OK)
        printf("%s: %016" PRIx64 "\n", current, world_answers(&the_world));
    else
        printf("%s: %d: %s\n", current, status,
               is_filled(the_world.err.message, 0x55, 1) ? "-" : message());
}

/* Makes a call, and checks what no call may touch. */
static pmkt_status make(call one, pmkt_status (*sized)(world *w, void *theirs), void *theirs) {
    process were, are;
    look_at_world();
    look_at_process(&were);
    memset(&the_world.err, 0x55, sizeof the_world.err);
    errno = ODD_ERRNO;
    const pmkt_status status = one ? one(&the_world) : sized(&the_world, theirs);
    if (errno != ODD_ERRNO) complain("errno has become %d", errno);
    look_at_process(&are);
    if (memcmp(&were, &are, sizeof were) != 0) complain("a signal is handled otherwise");
    if (tells_all) tell(status);
    return status;
}

/* ----------------------------------------------------------------- answers */

static void check_error(pmkt_status status) {
    const pmkt_error *err = &the_world.err;
    if (err->code != status) complain("returned %d, but err.code is %d", status, err->code);
    if (!memchr(err->message, '\0', sizeof err->message) || err->message[0] == '\0') {
        complain("the message is empty, or does not end");
    }
    if (strcmp(pmkt_status_name(status), "PMKT_E_?") == 0)
        complain("status %d has no name", status);
    if (err->where_kind < PMKT_WHERE_NONE || err->where_kind > PMKT_WHERE_BYTE || err->reserved) {
        complain("where_kind is %d, reserved %d", err->where_kind, err->reserved);
    }
    if (err->sys_errno && status != PMKT_E_IO) complain("sys_errno is %d", err->sys_errno);
}

/* Checks an answer that is not PMKT_OK: it says why, and nothing else has changed; but that after a bad
   row the outputs say which rows were bad, or are filled up to it. */
static void check_refused(pmkt_status status, bool tells) {
    if (tells) check_error(status);
    const bool filled = world_outputs(&the_world) != before.outputs;
    if (world_digest(&the_world) != before.digest || (filled && status != PMKT_E_BAD_ROW)) {
        complain("refused (%s), but something has changed", tells ? message() : "no status");
        remake();
    } else if (filled) {
        remake();
    }
}

static void check_row(const call_row *row) {
    current = row->name;
    const pmkt_status status = make(row->make, NULL, NULL);
    if (status == PMKT_OK) {
        if (row->wanted == WISH_REFUSED) complain("succeeds, but must be refused");
        if (row->tells && !is_filled(&the_world.err, 0x55, sizeof the_world.err)) {
            complain("succeeds, but has written to err");
        }
        remake();
        return;
    }
    if (row->wanted == WISH_OK) complain("is refused: %s", row->tells ? message() : "no status");
    if (!row->writes) check_refused(status, row->tells);
    if (row->writes || row->consumes) remake();
}

/* ------------------------------------------------------ older and newer callers */

/* Memory that ends where nothing may be touched. */
static unsigned char *page_end;

static void make_page(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages =
        mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + 2 * page, page, PROT_NONE)) {
        perror("a page that nobody may touch");
        exit(1);
    }
    page_end = pages + 2 * page;
}

/* The struct as a caller has it whose release knows `known` bytes of it, and behind them `more`. */
static unsigned char *place(const sized_row *row, size_t known, size_t more, uint32_t says) {
    unsigned char *theirs = page_end - known - more;
    memset(theirs, 0, known + more);
    memcpy(theirs, (const unsigned char *)&the_world + row->at, known);
    memcpy(theirs, &says, sizeof says);
    return theirs;
}

static void check_sized_refused(const sized_row *row, pmkt_status status) {
    check_refused(status, true);
    if (row->consumes) remake();
}

static void check_garbage_sizes(const sized_row *row) {
    static const uint32_t SIZES[] = {0, 1, 4, 7, 4097, 4104, UINT32_MAX};
    const uint32_t odd[] = {(uint32_t)row->size - 4, (uint32_t)row->size + 1};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES + 2; i++) {
        const size_t first = sizeof SIZES / sizeof *SIZES;
        const uint32_t size = i < first ? SIZES[i] : odd[i - first];
        unsigned char *theirs = place(row, row->size, 0, size), copy[4096];
        memcpy(copy, theirs, row->size);
        const pmkt_status status = make(NULL, row->make, theirs);
        if (status != PMKT_E_INVALID) complain("a struct_size of %u gives %d", size, status);
        if (memcmp(copy, theirs, row->size) != 0) complain("a refused struct was written to");
        if (status == PMKT_OK)
            remake();
        else
            check_sized_refused(row, status);
    }
}

static void check_newer_caller(const sized_row *row) {
    unsigned char *theirs = place(row, row->size, MORE, (uint32_t)row->size + MORE);
    if (row->output) memset(theirs + row->size, 0, MORE);
    if (make(NULL, row->make, theirs)) {
        complain("a newer caller who asks for nothing new is refused: %s", message());
    } else if (!is_filled(theirs + row->size, 0, MORE)) {
        complain("what a newer caller has room for is not zero");
    }
    remake();
    if (row->output) return;
    for (size_t odd = 0; odd < MORE; odd += MORE - 1) {
        theirs = place(row, row->size, MORE, (uint32_t)row->size + MORE);
        theirs[row->size + odd] = 1;
        const pmkt_status status = make(NULL, row->make, theirs);
        if (status != PMKT_E_UNSUPPORTED) complain("an option that nobody knows gives %d", status);
        if (status == PMKT_OK)
            remake();
        else
            check_sized_refused(row, status);
    }
}

/* What a struct led to: the status with its message, or the answers. */
static uint64_t outcome(const sized_row *row, pmkt_status status) {
    const uint64_t of_what =
        status ? digest_bytes(message(), strlen(message())) : world_answers(&the_world);
    if (status)
        check_sized_refused(row, status);
    else
        remake();
    return digest_add(of_what, (uint64_t)status);
}

/* A struct that ends early means the same as the whole with defaults from there on, unless it is too
   short for any release. */
static void check_older_input(const sized_row *row, size_t size) {
    const pmkt_status status = make(NULL, row->make, place(row, size, 0, (uint32_t)size));
    const bool too_short = status == PMKT_E_INVALID && strstr(message(), "struct_size");
    const uint64_t shorter = outcome(row, status);
    if (too_short) return;
    unsigned char *theirs = place(row, row->size, 0, (uint32_t)row->size);
    memcpy(theirs + size, (const unsigned char *)row->init + size, row->size - size);
    if (outcome(row, make(NULL, row->make, theirs)) != shorter) {
        complain("an older caller's %zu bytes do not mean the defaults behind them", size);
    }
}

static void check_older_output(const sized_row *row, size_t size) {
    unsigned char whole[4096];
    unsigned char *theirs = place(row, row->size, 0, (uint32_t)row->size);
    if (make(NULL, row->make, theirs)) complain("the whole struct is refused: %s", message());
    memcpy(whole, theirs, row->size);
    remake();
    theirs = place(row, size, 0, (uint32_t)size);
    const pmkt_status status = make(NULL, row->make, theirs);
    if (status != PMKT_OK) {
        if (status != PMKT_E_INVALID || !strstr(message(), "struct_size")) {
            complain("an older caller's %zu bytes are refused otherwise: %s", size, message());
        }
        check_sized_refused(row, status);
        return;
    }
    if (row->comparable && memcmp(theirs + 4, whole + 4, size - 4) != 0) {
        complain("an older caller's %zu bytes are not those of the whole", size);
    }
    remake();
}

static void check_sized(const sized_row *row) {
    static char name[200];
    (void)snprintf(name, sizeof name, "%s, sizes", row->name);
    current = name;
    check_garbage_sizes(row);
    check_newer_caller(row);
    for (const uint16_t *end = row->ends; *end; end++) {
        if (*end % 8) continue;
        if (row->output)
            check_older_output(row, *end);
        else
            check_older_input(row, *end);
    }
}

/* --------------------------------------------------------------------- main */

int main(int argc, char **argv) {
    tells_all = argc == 2 && strcmp(argv[1], "--tell") == 0;
    if (tells_all) printf("1%s5\n", setlocale(LC_ALL, "") ? localeconv()->decimal_point : "?");
    setvbuf(stdout, NULL, _IOLBF, 0); /* complaints before a crash are not lost */
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGABRT, crashed);
    const char *locale = setlocale(LC_ALL, NULL);
    char was[64];
    (void)snprintf(was, sizeof was, "%s", locale ? locale : "");
    make_page();
    world_make(&the_world);
    for (int i = 0; i < call_row_count; i++) check_row(&call_rows[i]);
    for (int i = 0; i < sized_row_count; i++) check_sized(&sized_rows[i]);
    world_drop(&the_world);
    current = "all calls";
    locale = setlocale(LC_ALL, NULL);
    if (!locale || strcmp(locale, was) != 0) complain("the locale has changed");
    printf("%d calls, %d structs, %d failures\n", call_row_count, sized_row_count, failures);
    return failures ? 1 : 0;
}
