package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_rfm_save
// #cgo nocallback pmkt_rfm_save_memory
// #cgo nocallback pmkt_rfm_load
// #cgo nocallback pmkt_rfm_load_memory
// #cgo nocallback pmkt_rfm_map
// #cgo nocallback pmkt_rfm_verify
import "C"

import "context"

// Save writes the state to a file, in one step: a reader sees the old file or the new one. All that
// the state knows is in it, forgettings too.
func (r *RFM) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
	c, err := save.toC()
	if err != nil {
		return err
	}
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return r.call(ctx, false, options,
		func(state *C.pmkt_rfm, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_save(state, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message.
func (r *RFM) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, r.call(ctx, false, options,
		func(state *C.pmkt_rfm, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_save_memory(state, c, run, &buffer, e)
		}))
}

// LoadRFM reads a state from a file and verifies every checksum. It is like the state that was saved,
// and goes on like it.
func LoadRFM(
	ctx context.Context, path string, load LoadOptions, options ...Option,
) (*RFM, error) {
	var at *C.pmkt_rfm
	err := withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_load(name, load.toC(), run, &at, e)
		})
	return ownRFM(at, err)
}

// LoadRFMBytes is the same of bytes, which are not kept.
func LoadRFMBytes(
	ctx context.Context, bytes []byte, load LoadOptions, options ...Option,
) (*RFM, error) {
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_rfm
	var e C.pmkt_error
	status := C.pmkt_rfm_load_memory(address(bytes), C.size_t(len(bytes)), load.toC(), run.run, &at, &e)
	return ownRFM(at, run.finish(status, &e))
}

// MapRFM is a state that uses a file in place: ready at once, whatever its size. What a customer's
// record says is checked when it is first read, so that later calls can answer ErrCorrupt. Never write
// into the file meanwhile; replace it by Save, or by a rename.
func MapRFM(path string, load LoadOptions) (*RFM, error) {
	name, free, err := cpath(path)
	if err != nil {
		return nil, err
	}
	defer free()
	var at *C.pmkt_rfm
	var e C.pmkt_error
	status := C.pmkt_rfm_map(name, load.toC(), &at, &e)
	return ownRFM(at, failure(status, &e))
}

// Verify reads all that a mapped state still uses of its file and compares every checksum; nil at once
// for a state that uses no file.
func (r *RFM) Verify(ctx context.Context, options ...Option) error {
	return r.call(ctx, false, options,
		func(state *C.pmkt_rfm, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_verify(state, run, e)
		})
}
