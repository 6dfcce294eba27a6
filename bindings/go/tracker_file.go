package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_tracker_save
// #cgo nocallback pmkt_tracker_save_memory
// #cgo nocallback pmkt_tracker_restore
// #cgo nocallback pmkt_tracker_restore_memory
import "C"

import "context"

// call runs something long on the tracker.
func (t *Tracker) call(
	ctx context.Context, options []Option,
	fn func(*C.pmkt_tracker, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	at, err := t.enter()
	if err != nil {
		return err
	}
	defer t.h.leave()
	run, err := start(ctx, options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	return run.finish(fn(at, run.run, &e), &e)
}

// Save writes the state of everybody to a file, in one step, while others observe: part after part of the
// users, each as it is at one instant. Neither the model nor the rules are in it.
func (t *Tracker) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
	c, err := save.toC()
	if err != nil {
		return err
	}
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return t.call(ctx, options,
		func(at *C.pmkt_tracker, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_tracker_save(at, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message.
func (t *Tracker) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, t.call(ctx, options,
		func(at *C.pmkt_tracker, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_tracker_save_memory(at, c, run, &buffer, e)
		}))
}

// Restore takes everybody from a file into a tracker that knows nobody yet. With the same model and rules it is
// as if nothing had happened; with others, as if they had been swapped. After a failure the tracker knows nobody.
func (t *Tracker) Restore(ctx context.Context, path string, options ...Option) error {
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return t.call(ctx, options,
		func(at *C.pmkt_tracker, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_tracker_restore(at, name, run, e)
		})
}

// RestoreBytes is the same of bytes, which are not kept.
func (t *Tracker) RestoreBytes(ctx context.Context, bytes []byte, options ...Option) error {
	return t.call(ctx, options,
		func(at *C.pmkt_tracker, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_tracker_restore_memory(at, address(bytes), C.size_t(len(bytes)), run, e)
		})
}
