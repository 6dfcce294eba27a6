package pmkt

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"testing"
)

func TestErrorSaysWhatAndWhere(t *testing.T) {
	batch := EventsOf(order(1, 1, "2026-01-01", 100), order(0, 2, "2026-01-02", 100))
	_, err := batch.Check()
	e := fails(t, err, ErrBadRow, "pmkt: ", "row 1")
	equal(t, "Code", e.Code, ErrBadRow)
	equal(t, "Where", e.Where, 1)
	equal(t, "WhereKind", e.WhereKind, WhereRow)
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrClosed) {
		t.Errorf("%v is also another error", err)
	}
}

func TestCodeIsAnError(t *testing.T) {
	equal(t, "the name", ErrCollision.Error(), "PMKT_E_COLLISION")
	equal(t, "of a fork", ErrForked.Error(), "PMKT_E_FORKED")
	equal(t, "no name", Code(99).Error(), "PMKT_E_?")
	equal(t, "without a message", (&Error{Code: ErrLimit}).Error(), "pmkt: PMKT_E_LIMIT")
}

func TestErrorKnowsTheErrorOfTheSystem(t *testing.T) {
	_, err := InspectFile("no/such/file")
	e := fails(t, err, ErrIO)
	equal(t, "SysErrno", e.SysErrno, syscall.ENOENT)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	err = VerifyFile(background, "error_test.go")
	fails(t, err, ErrFormat)
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is fs.ErrNotExist", err)
	}
	_, err = InspectFile("a\x00b")
	fails(t, err, ErrInvalid, "NUL")
}

func TestCanceledErrorKnowsItsCause(t *testing.T) {
	why := errors.New("the shop closed")
	ctx, cancel := context.WithCancelCause(background)
	cancel(why)
	rfm := newRFM(t, RFMOptions{})
	_, err := rfm.Add(ctx, EventsOf(shop()...))
	fails(t, err, ErrCanceled, "the shop closed")
	for _, target := range []error{context.Canceled, why, ErrCanceled} {
		if !errors.Is(err, target) {
			t.Errorf("%v is not %v", err, target)
		}
	}
}
