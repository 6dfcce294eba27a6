package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_status_name
// #cgo nocallback pmkt_status_name
import "C"

import (
	"errors"
	"strings"
	"syscall"
)

// Code says what kind of failure it was. Every code is an error, to compare with:
//
//	if errors.Is(err, pmkt.ErrBadRow) { ... }
type Code int32

// The codes of the library.
const (
	ErrInvalid     Code = C.PMKT_E_INVALID     // the call is malformed
	ErrNoMemory    Code = C.PMKT_E_NOMEM       // the C heap is exhausted
	ErrBadRow      Code = C.PMKT_E_BAD_ROW     // a row is bad, and the batch says OnBadFail
	ErrOverflow    Code = C.PMKT_E_OVERFLOW    // a sum would leave 64 bits
	ErrMismatch    Code = C.PMKT_E_MISMATCH    // two things that do not go together
	ErrUnsupported Code = C.PMKT_E_UNSUPPORTED // this handle or this build cannot answer that
	ErrLimit       Code = C.PMKT_E_LIMIT       // a limit that the caller set
	ErrCanceled    Code = C.PMKT_E_CANCELED    // the context ended
	ErrParse       Code = C.PMKT_E_PARSE       // a text cannot be read
	ErrIO          Code = C.PMKT_E_IO          // the system could not read or write a file
	ErrCorrupt     Code = C.PMKT_E_CORRUPT     // a file, or bytes in memory, are damaged
	ErrFormat      Code = C.PMKT_E_FORMAT      // no file of libpmkt, of another kind, or newer
	ErrCollision   Code = C.PMKT_E_COLLISION   // two different texts have the same id
	ErrForked      Code = C.PMKT_E_FORKED      // a Tracker in a process that was forked from its own
)

// ErrClosed is found by errors.Is in the error of a call on a handle that was closed, or never made.
var ErrClosed = errors.New("the handle is closed")

// Error is the code's name, such as "PMKT_E_NOMEM".
func (c Code) Error() string { return C.GoString(C.pmkt_status_name(C.pmkt_status(c))) }

// WhereKind says what Error.Where counts.
type WhereKind int32

// What Error.Where counts.
const (
	WhereNone WhereKind = C.PMKT_WHERE_NONE // nothing
	WhereRow  WhereKind = C.PMKT_WHERE_ROW  // rows of the batch, from 0
	WhereByte WhereKind = C.PMKT_WHERE_BYTE // bytes of the text or the file, from 0
)

// Error is how every call of this package fails; get it with errors.As. After a failed call everything
// is as it was before.
//
// errors.Is finds the Code in it, the system's error if there was one (fs.ErrNotExist, say), and
// of a canceled call the context's error and cause.
type Error struct {
	Code      Code
	SysErrno  syscall.Errno // of the system call that failed, or 0
	Where     int64         // the row or the byte, by WhereKind
	WhereKind WhereKind
	Message   string // one sentence: what was wrong, where, and what was expected
	causes    []error
}

func (e *Error) Error() string {
	if e.Message == "" {
		return "pmkt: " + e.Code.Error()
	}
	return "pmkt: " + e.Message
}

// Is reports whether the target is the error's code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap lists what was behind the failure.
func (e *Error) Unwrap() []error {
	if e.SysErrno == 0 {
		return e.causes
	}
	return append(e.causes[:len(e.causes):len(e.causes)], e.SysErrno)
}

// failure turns what C said into an error. The details are copied only if there are some, so that those
// of a call that succeeds stay on the stack.
func failure(status C.pmkt_status, e *C.pmkt_error, causes ...error) error {
	if status == C.PMKT_OK {
		return nil
	}
	return describe(status, *e, causes)
}

func describe(status C.pmkt_status, e C.pmkt_error, causes []error) error {
	return &Error{
		Code:      Code(status),
		SysErrno:  syscall.Errno(e.sys_errno),
		Where:     int64(e.where),
		WhereKind: WhereKind(e.where_kind),
		Message:   strings.ToValidUTF8(C.GoString(&e.message[0]), "\uFFFD"),
		causes:    causes,
	}
}

// closed is the error of a call on a handle that is not there.
func closed(what string) error {
	return &Error{
		Code:    ErrInvalid,
		Message: what + " is closed, or was never made",
		causes:  []error{ErrClosed},
	}
}
