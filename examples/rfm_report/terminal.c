#include "terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "utf8.h"

volatile sig_atomic_t terminal_interrupted = 0;

static bool line_shown = false;
static bool wanted = true;

static void on_signal(int number) {
    terminal_interrupted = number;
}

static void catch_signal(int number) {
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* no SA_RESTART: a waiting read() must come back */
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN) return; /* nohup */
    sigaction(number, &action, NULL);
}

void terminal_catch_interrupt(void) {
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
}

void terminal_end_interrupted(void) {
    int number = terminal_interrupted;
    progress_end();
    signal(number, SIG_DFL);
    raise(number);
    _exit(128 + number);
}

void complain(const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    utf8_clean(text);
    progress_end();
    fprintf(stderr, "rfm_report: %s\n", text);
}

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void progress_off(void) {
    wanted = false;
}

void progress(const char *format, ...) {
    static double last = 0.0;
    if (!wanted || !isatty(STDERR_FILENO)) return;
    double now = seconds_now();
    if (now - last < 0.1) return;
    last = now;
    va_list arguments;
    va_start(arguments, format);
    fputs("\r\033[K", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
    line_shown = true;
}

void progress_end(void) {
    if (!line_shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    line_shown = false;
}
