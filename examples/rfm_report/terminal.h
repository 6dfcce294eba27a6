/*
 * terminal.h - what goes to stderr: complaints, and a progress line if somebody watches; and ^C.
 */
#ifndef RFM_REPORT_TERMINAL_H
#define RFM_REPORT_TERMINAL_H

#include <signal.h>
#include <stdbool.h>

/* Set by ^C (and SIGTERM). Long work looks at it and ends early. */
extern volatile sig_atomic_t terminal_interrupted;

/* Makes ^C set the flag instead of ending the program, so that no half-written file stays. */
void terminal_catch_interrupt(void);

/* Ends the program the way that the signal would have. Does not return. */
void terminal_end_interrupted(void);

/* "rfm_report: ..." and a line end. Whatever a file's texts hold, it is printable. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Shows a line of progress, if stderr is a terminal and none was shown in the last tenth of a
 * second; the next one takes its place.
 */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Never shows progress. */
void progress_off(void);

/* Takes the line away. */
void progress_end(void);

/* Seconds on a clock that only goes forward. */
double seconds_now(void);

#endif
