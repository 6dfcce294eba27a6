package pmkt

// #include <pmkt.h>
// #include <stdlib.h>
// #cgo nocallback pmkt_file_inspect
// #cgo nocallback pmkt_file_verify
// #cgo noescape pmkt_buffer_data
// #cgo nocallback pmkt_buffer_data
// #cgo noescape pmkt_buffer_size
// #cgo nocallback pmkt_buffer_size
// #cgo nocallback pmkt_buffer_free
import "C"

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unsafe"
)

// SaveOptions say how to save. The zero value is uncompressed and safe on the disk.
type SaveOptions struct {
	// Compression is a level of zstd, 1 to 19: smaller, can be loaded but not mapped. 0 is none: equal
	// states are equal bytes.
	Compression int

	// Unsynced does not wait for the disk. Readers still see the old file or the new one, but a power
	// cut may lose both.
	Unsynced bool
}

func (o SaveOptions) toC() (*C.pmkt_save_options, error) {
	level, err := narrow("Compression", o.Compression)
	return &C.pmkt_save_options{
		struct_size: C.sizeof_pmkt_save_options,
		compression: level,
		unsynced:    boolean(o.Unsynced),
	}, err
}

// LoadOptions say how to load or map.
type LoadOptions struct {
	MaxBytes int64 // of the new handle: what needs more is ErrLimit; 0 is no limit
}

func (o LoadOptions) toC() *C.pmkt_load_options {
	return &C.pmkt_load_options{
		struct_size: C.sizeof_pmkt_load_options,
		max_bytes:   C.int64_t(o.MaxBytes),
	}
}

// FileKind is what a file holds.
type FileKind int32

// The kinds of files.
const (
	FileRFM      FileKind = C.PMKT_FILE_RFM      // an RFM
	FileIDs      FileKind = C.PMKT_FILE_IDS      // an IDs
	FileModel    FileKind = C.PMKT_FILE_CF       // a Model
	FileIntent   FileKind = C.PMKT_FILE_INTENT   // an Intent
	FilePurchase FileKind = C.PMKT_FILE_PURCHASE // a Purchase
	FileLogistic FileKind = C.PMKT_FILE_LOGISTIC // a Logistic
	FileTracker  FileKind = C.PMKT_FILE_TRACKER  // the state of a Tracker
)

// String is "RFM", "IDs", "Model", "Intent", "Purchase", "Logistic" or "Tracker".
func (k FileKind) String() string {
	switch k {
	case FileRFM:
		return "RFM"
	case FileIDs:
		return "IDs"
	case FileModel:
		return "Model"
	case FileIntent:
		return "Intent"
	case FilePurchase:
		return "Purchase"
	case FileLogistic:
		return "Logistic"
	case FileTracker:
		return "Tracker"
	}
	return fmt.Sprintf("file kind %d", int32(k))
}

// FileInfo is what the header of a file says.
type FileInfo struct {
	Kind          FileKind
	Format        int   // version of the format that the file is written in
	MinReader     int   // the oldest format version whose readers understand it
	Sections      int   // parts that the file has
	Compressed    int   // of them, by zstd; the file can be mapped if there are none
	Bytes         int64 // of the file
	BytesUnpacked int64 // of its sections, without compression
}

// InspectFile reads the header of a file, whatever it holds.
func InspectFile(path string) (FileInfo, error) {
	name, free, err := cpath(path)
	if err != nil {
		return FileInfo{}, err
	}
	defer free()
	c := C.pmkt_file_info{struct_size: C.sizeof_pmkt_file_info}
	var e C.pmkt_error
	if err := failure(C.pmkt_file_inspect(name, &c, &e), &e); err != nil {
		return FileInfo{}, err
	}
	return FileInfo{
		Kind:          FileKind(c.kind),
		Format:        int(c.format),
		MinReader:     int(c.min_reader),
		Sections:      int(c.sections),
		Compressed:    int(c.compressed),
		Bytes:         int64(c.bytes),
		BytesUnpacked: int64(c.bytes_unpacked),
	}, nil
}

// VerifyFile reads a whole file and compares every checksum.
func VerifyFile(ctx context.Context, path string, options ...Option) error {
	return withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_file_verify(name, run, e)
		})
}

// cpath is a path as C takes it, which free frees.
func cpath(path string) (name *C.char, free func(), err error) {
	if strings.IndexByte(path, 0) >= 0 {
		return nil, nil, invalid("the path %q holds a NUL", path)
	}
	name = C.CString(path)
	return name, func() { C.free(unsafe.Pointer(name)) }, nil
}

// withPath runs something long on a file.
func withPath(
	ctx context.Context, path string, options []Option,
	fn func(*C.char, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	run, err := start(ctx, options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	return run.finish(fn(name, run.run, &e), &e)
}

// take copies the bytes of a buffer that a call made, and frees it.
func take(buffer **C.pmkt_buffer, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer C.pmkt_buffer_free(*buffer)
	size := int(C.pmkt_buffer_size(*buffer))
	return slices.Clone(borrow[byte]((*C.char)(C.pmkt_buffer_data(*buffer)), size)), nil
}

// address is where bytes are; never nil.
func address(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return unsafe.Pointer(&empty)
	}
	return unsafe.Pointer(unsafe.SliceData(bytes))
}
