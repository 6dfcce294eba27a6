package pmkt

/*
#include <pmkt.h>
#include <string.h>

// What a call under way and its watchers share. C reads and writes it with atomics, as Go does.
typedef struct pmktgo_watch {
    int32_t cancel;
    int32_t reserved;
    uint64_t done; // the bits of a double
    const char *stage;
} pmktgo_watch;

// The progress callback. It touches memory only, so that no Go code runs on a stack of C.
static int pmktgo_poll(void *ctx, double done, const char *stage) {
    pmktgo_watch *watch = ctx;
    uint64_t bits;
    memcpy(&bits, &done, sizeof bits);
    __atomic_store_n(&watch->done, bits, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->stage, stage, __ATOMIC_RELEASE);
    return __atomic_load_n(&watch->cancel, __ATOMIC_RELAXED);
}

static void pmktgo_run_init(pmkt_run *run, int32_t threads, pmktgo_watch *watch) {
    pmkt_run_init(run);
    run->threads = threads;
    if (watch != NULL) {
        run->progress.fn = pmktgo_poll;
        run->progress.ctx = watch;
    }
}

#cgo noescape pmktgo_run_init
#cgo nocallback pmktgo_run_init
*/
import "C"

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// Option changes how one long call runs.
type Option func(*runOptions)

type runOptions struct {
	threads  int
	progress func(done float64, stage string)
}

// WithThreads says how many threads the call may use; 0 is as many as the process may. The answer
// does not depend on it.
func WithThreads(n int) Option {
	return func(o *runOptions) { o.threads = n }
}

// WithProgress has a function told how far the call is: now and then while it runs, from another
// goroutine, and with 1 at its end if it succeeds. It is never called after the call has returned. It
// may use the handles of the call, but waits then until the library is done with them. Cancel through
// the context.
func WithProgress(fn func(done float64, stage string)) Option {
	return func(o *runOptions) { o.progress = fn }
}

const progressInterval = 100 * time.Millisecond

// running is one long call: its threads, its context and its progress.
type running struct {
	ctx      context.Context
	options  runOptions
	run      *C.pmkt_run
	watch    *C.pmktgo_watch
	pin      runtime.Pinner
	ignore   func() bool // stops listening to the context
	quit     chan struct{}
	reported chan struct{}
}

// start prepares a call; finish must follow.
func start(ctx context.Context, options []Option) (*running, error) {
	if err := canceled(ctx); err != nil {
		return nil, err
	}
	r := &running{ctx: ctx, run: new(C.pmkt_run)}
	for _, option := range options {
		if option != nil {
			option(&r.options)
		}
	}
	threads, err := narrow("the number of threads", r.options.threads)
	if err != nil {
		return nil, err
	}
	if ctx.Done() != nil || r.options.progress != nil {
		r.watch = new(C.pmktgo_watch)
		r.pin.Pin(r.watch)
	}
	C.pmktgo_run_init(r.run, threads, r.watch)
	if ctx.Done() != nil {
		r.ignore = context.AfterFunc(ctx, r.cancel)
	}
	if r.options.progress != nil {
		r.quit, r.reported = make(chan struct{}), make(chan struct{})
		go r.report()
	}
	return r, nil
}

// cancel asks C to stop.
func (r *running) cancel() {
	atomic.StoreInt32((*int32)(unsafe.Pointer(&r.watch.cancel)), 1)
}

// listen asks C to stop if the context is done already, whether its function has run or not.
func (r *running) listen() {
	if r.ctx.Err() != nil {
		r.cancel()
	}
}

// report tells the progress until the call ends.
func (r *running) report() {
	defer close(r.reported)
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-ticker.C:
			if stage := r.stage(); stage != "" {
				done := atomic.LoadUint64((*uint64)(unsafe.Pointer(&r.watch.done)))
				r.options.progress(math.Float64frombits(done), stage)
			}
		}
	}
}

// stage is the name of the stage that C was last in; such names are static.
func (r *running) stage() string {
	stage := atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&r.watch.stage)))
	if stage == nil {
		return ""
	}
	return C.GoString((*C.char)(stage))
}

// finish ends the call and makes its error.
func (r *running) finish(status C.pmkt_status, e *C.pmkt_error) error {
	if r.ignore != nil {
		r.ignore()
	}
	if r.options.progress != nil {
		close(r.quit)
		<-r.reported
		if status == C.PMKT_OK {
			r.options.progress(1, r.stage())
		}
	}
	r.pin.Unpin()
	if status == C.PMKT_E_CANCELED && r.ctx.Err() != nil {
		return failure(status, e, r.ctx.Err(), context.Cause(r.ctx))
	}
	return failure(status, e)
}
