package pmkt

// #include <pmkt.h>
import "C"

import (
	"context"
	"unsafe"
)

// guarded is a handle that has one writer at a time, or any number of readers.
type guarded struct {
	gate gate
	h    *handle
}

// enter begins a call, as the only one if it changes something; leave ends it.
func (g *guarded) enter(ctx context.Context, what string, change bool) (unsafe.Pointer, error) {
	if g == nil || !g.h.enter() {
		return nil, closed(what)
	}
	var err error
	if change {
		err = g.gate.write(ctx)
	} else {
		err = g.gate.read(ctx)
	}
	if err != nil {
		g.h.leave()
		return nil, err
	}
	return g.h.at, nil
}

func (g *guarded) leave(change bool) {
	if change {
		g.gate.mutex.Unlock()
	} else {
		g.gate.mutex.RUnlock()
	}
	g.h.leave()
}

// call runs something long. The handle is free again before the last progress is told, and before a
// progress function that is under way is waited for: that may use the handle, which waits for the call.
func (g *guarded) call(
	ctx context.Context, what string, change bool, options []Option,
	fn func(unsafe.Pointer, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	var e C.pmkt_error
	run, status, err := g.run(ctx, what, change, options, func(
		at unsafe.Pointer, run *C.pmkt_run,
	) C.pmkt_status {
		return fn(at, run, &e)
	})
	if err != nil {
		return err
	}
	return run.finish(status, &e)
}

func (g *guarded) run(
	ctx context.Context, what string, change bool, options []Option,
	fn func(unsafe.Pointer, *C.pmkt_run) C.pmkt_status,
) (*running, C.pmkt_status, error) {
	at, err := g.enter(ctx, what, change)
	if err != nil {
		return nil, 0, err
	}
	defer g.leave(change)
	run, err := start(ctx, options)
	if err != nil {
		return nil, 0, err
	}
	return run, fn(at, run.run), nil
}

// merge runs something long that changes one and reads the other.
func merge(
	ctx context.Context, into, from *guarded, what string, options []Option,
	fn func(into, from unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status,
) error {
	if into == nil || from == nil {
		return closed("the " + what)
	}
	if into == from {
		return invalid("a %s cannot be merged into itself", what)
	}
	var e C.pmkt_error
	run, status, err := mergeRun(ctx, into, from, what, options, func(run *C.pmkt_run) C.pmkt_status {
		return fn(into.h.at, from.h.at, run, &e)
	})
	if err != nil {
		return err
	}
	return run.finish(status, &e)
}

func mergeRun(
	ctx context.Context, into, from *guarded, what string, options []Option,
	fn func(run *C.pmkt_run) C.pmkt_status,
) (*running, C.pmkt_status, error) {
	// By address, so that two that merge crosswise do not lock up: the collector moves nothing.
	first, second := into, from
	if uintptr(unsafe.Pointer(from)) < uintptr(unsafe.Pointer(into)) {
		first, second = from, into
	}
	if _, err := first.enter(ctx, "the "+what, first == into); err != nil {
		return nil, 0, err
	}
	defer first.leave(first == into)
	if _, err := second.enter(ctx, "the "+what, second == into); err != nil {
		return nil, 0, err
	}
	defer second.leave(second == into)
	run, err := start(ctx, options)
	if err != nil {
		return nil, 0, err
	}
	return run, fn(run.run), nil
}
