package pmkt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var background = context.Background()

// root is a path of the project.
func root(parts ...string) string {
	return filepath.Join(append([]string{"..", ".."}, parts...)...)
}

func day(text string) time.Time {
	at, err := Zone{}.Parse(text)
	if err != nil {
		panic(err)
	}
	return at
}

func order(user, id uint64, at string, amount int64) Event {
	return Event{User: user, Time: day(at), Kind: KindOrder, Order: id, Amount: amount}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails checks the code of an error, and that its message has all the parts.
func fails(t testing.TB, err error, code Code, parts ...string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, code) {
		t.Fatalf("got %v; expected %v", err, code)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	return e
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v; expected %v", what, got, want)
	}
}

// newRFM is a state with some events, closed at the end of the test.
func newRFM(t testing.TB, options RFMOptions, events ...Event) *RFM {
	t.Helper()
	rfm, err := NewRFM(options)
	check(t, err)
	t.Cleanup(func() { check(t, rfm.Close()) })
	if len(events) > 0 {
		_, err = rfm.Add(background, EventsOf(events...))
		check(t, err)
	}
	return rfm
}

func scored(t testing.TB, rfm *RFM, asOf string, options ScoreOptions) *Scores {
	t.Helper()
	scores, err := rfm.Score(background, day(asOf), options)
	check(t, err)
	t.Cleanup(func() { check(t, scores.Close()) })
	return scores
}

// shop is six weeks of four customers: 1 buys every week, 2 bought once long ago, 3 now and then, 4
// looks only.
func shop() []Event {
	events := []Event{
		order(2, 20, "2025-06-01", 4_900),
		order(3, 30, "2025-12-05 10:00", 30_000),
		order(3, 31, "2026-01-02 11:00", 25_000),
		{User: 4, Time: day("2026-01-10"), Kind: KindCart},
		{User: 4, Time: day("2026-01-01"), Kind: KindRegister},
	}
	for week := range 6 {
		at := day("2025-12-20").AddDate(0, 0, 7*week)
		events = append(events, Event{User: 1, Time: at, Kind: KindOrder,
			Order: 10 + uint64(week), Amount: 21_000})
	}
	return events
}

// many is a batch that is large enough for a call to take a while.
func many(rows int) *Events {
	batch := &Events{}
	for i := range rows {
		h := uint64(i) * 0x9E3779B97F4A7C15
		batch.User = append(batch.User, h>>44+1)
		batch.Time = append(batch.Time, 1_600_000_000_000+int64(h%100_000_000_000))
		batch.Order = append(batch.Order, uint64(i)+1)
		batch.Amount = append(batch.Amount, int64(h>>20%100_000))
	}
	return batch
}

func small() bool { return os.Getenv("PMKT_TEST_SCALE") == "small" || testing.Short() }
