package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_ids_save
// #cgo nocallback pmkt_ids_save_memory
// #cgo nocallback pmkt_ids_load
// #cgo nocallback pmkt_ids_load_memory
// #cgo nocallback pmkt_ids_map
// #cgo nocallback pmkt_ids_verify
import "C"

import "context"

// Save writes the dictionary to a file, in one step: a reader sees the old file or the new one. All
// that it knows is in it, forgettings too.
func (d *IDs) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
	c, err := save.toC()
	if err != nil {
		return err
	}
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return d.call(ctx, false, options,
		func(at *C.pmkt_ids, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_ids_save(at, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message.
func (d *IDs) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, d.call(ctx, false, options,
		func(at *C.pmkt_ids, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_ids_save_memory(at, c, run, &buffer, e)
		}))
}

// LoadIDs reads a dictionary from a file and verifies every checksum. It is like the one that was
// saved, and goes on like it.
func LoadIDs(
	ctx context.Context, path string, load LoadOptions, options ...Option,
) (*IDs, error) {
	var made *C.pmkt_ids
	err := withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_ids_load(name, load.toC(), run, &made, e)
		})
	return ownIDs(made, err)
}

// LoadIDsBytes is the same of bytes, which are not kept.
func LoadIDsBytes(
	ctx context.Context, bytes []byte, load LoadOptions, options ...Option,
) (*IDs, error) {
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var made *C.pmkt_ids
	var e C.pmkt_error
	status := C.pmkt_ids_load_memory(address(bytes), C.size_t(len(bytes)), load.toC(), run.run, &made, &e)
	return ownIDs(made, run.finish(status, &e))
}

// MapIDs is a dictionary that uses a file in place: ready at once, whatever its size. What is new is
// kept in memory. Never write into the file meanwhile; replace it by Save, or by a rename.
func MapIDs(path string, load LoadOptions) (*IDs, error) {
	name, free, err := cpath(path)
	if err != nil {
		return nil, err
	}
	defer free()
	var made *C.pmkt_ids
	var e C.pmkt_error
	status := C.pmkt_ids_map(name, load.toC(), &made, &e)
	return ownIDs(made, failure(status, &e))
}

// Verify reads all that a mapped dictionary still uses of its file and compares every checksum; nil at once
// for a dictionary that uses no file.
func (d *IDs) Verify(ctx context.Context, options ...Option) error {
	return d.call(ctx, false, options,
		func(at *C.pmkt_ids, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_ids_verify(at, run, e)
		})
}
