package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_zone_days
// #cgo nocallback pmkt_zone_days
// #cgo noescape pmkt_zone_to_utc
// #cgo nocallback pmkt_zone_to_utc
// #cgo noescape pmkt_zone_day_start
// #cgo nocallback pmkt_zone_day_start
// #cgo noescape pmkt_time_parse
// #cgo nocallback pmkt_time_parse
// #cgo noescape pmkt_time_format
// #cgo nocallback pmkt_time_format
import "C"

import (
	"math"
	"runtime"
	"time"
	"unsafe"
)

// Event times lie in [TimeMin, TimeMax), the years 1700 to 2999, in milliseconds.
const (
	TimeMin int64 = C.PMKT_TIME_MIN
	TimeMax int64 = C.PMKT_TIME_MAX

	// TimeNull is no time: the null of every time column.
	TimeNull int64 = C.PMKT_TIME_NULL

	// NoDay is the day of a null, or of a time outside the range.
	NoDay int32 = math.MinInt32
)

// Transition says that from an instant on, in milliseconds, local time is UTC + OffsetMinutes.
type Transition struct {
	From          int64
	OffsetMinutes int32
	_             int32
}

// Zone is where calendar days are counted: an offset that holds before the first transition, and
// the transitions, ascending. The zero Zone is UTC. Most get theirs by [ZoneOf].
type Zone struct {
	OffsetMinutes int
	Transitions   []Transition
}

// A transition of Go is one of C.
var _ [unsafe.Sizeof(Transition{})]struct{} = [C.sizeof_pmkt_transition]struct{}{}

// The seconds that ZoneOf looks at, from 1900 to 2100; the last offset holds after them. A location
// does not tell reliably when its clocks change, so it is asked for every week, and where two answers
// differ the change between them is found by halving.
const (
	zoneFirst int64 = -2_208_988_800
	zoneLast  int64 = 4_133_980_800
	zoneStep  int64 = 7 * 86_400
)

// ZoneOf is the zone of a location, with its transitions of the years 1900 to 2100. Odd seconds of
// old local mean times are rounded to minutes. nil is UTC.
func ZoneOf(loc *time.Location) Zone {
	if loc == nil {
		return Zone{}
	}
	zone := Zone{OffsetMinutes: minutes(loc, zoneFirst)}
	before := zone.OffsetMinutes
	for start := zoneFirst; start < zoneLast; start += zoneStep {
		end := start + zoneStep
		for low := start; before != minutes(loc, end); {
			low, before = change(loc, low, end, before)
			zone.Transitions = append(zone.Transitions,
				Transition{From: low * 1_000, OffsetMinutes: int32(before)})
		}
	}
	return zone
}

// change finds a second in (low, high] from which on the offset is not the one before, and that offset.
func change(loc *time.Location, low, high int64, before int) (at int64, offset int) {
	for high-low > 1 {
		if middle := low + (high-low)/2; minutes(loc, middle) == before {
			low = middle
		} else {
			high = middle
		}
	}
	return high, minutes(loc, high)
}

func minutes(loc *time.Location, second int64) int {
	_, seconds := time.Unix(second, 0).In(loc).Zone()
	return int(math.RoundToEven(float64(seconds) / 60))
}

// toC is the zone as C takes it, with its table pinned.
func (z *Zone) toC(pin *runtime.Pinner) (out C.pmkt_zone, err error) {
	out.struct_size = C.sizeof_pmkt_zone
	if out.offset_minutes, err = narrow("the offset of the zone", z.OffsetMinutes); err != nil {
		return out, err
	}
	if len(z.Transitions) > 0 {
		out.transitions = data[C.pmkt_transition](z.Transitions)
		out.n_transitions = C.int64_t(len(z.Transitions))
		pin.Pin(out.transitions)
	}
	return out, nil
}

// with calls C with the zone.
func (z Zone) with(call func(zone *C.pmkt_zone, e *C.pmkt_error) C.pmkt_status) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	zone, err := z.toC(&pin)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	return failure(call(&zone, &e), &e)
}

// Days gives the calendar day of each instant, as days since 1970-01-01; NoDay for a TimeNull and for
// an instant outside the range. day must be as long as ms.
func (z Zone) Days(ms []int64, day []int32) error {
	if len(day) != len(ms) {
		return invalid("day has %d entries, and ms has %d", len(day), len(ms))
	}
	return z.with(func(zone *C.pmkt_zone, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_zone_days(zone, data[C.int64_t](ms), C.int64_t(len(ms)),
			data[C.int32_t](day), e)
	})
}

// ToUTC turns wall-clock times, milliseconds since 1970-01-01T00:00 local, into instants, in place. A
// time that happens twice is its first occurrence; one that the clocks skip moves forward.
func (z Zone) ToUTC(ms []int64) error {
	return z.with(func(zone *C.pmkt_zone, e *C.pmkt_error) C.pmkt_status {
		at := data[C.int64_t](ms)
		return C.pmkt_zone_to_utc(zone, at, C.int64_t(len(ms)), at, e)
	})
}

// DayStart is the instant at which a day, counted from 1970-01-01, begins in the zone.
func (z Zone) DayStart(day int) (time.Time, error) {
	if day < math.MinInt32 || day > math.MaxInt32 {
		return time.Time{}, invalid("day %d lies outside the years 1700 to 3000", day)
	}
	var ms C.int64_t
	err := z.with(func(zone *C.pmkt_zone, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_zone_day_start(zone, C.int32_t(day), &ms, e)
	})
	return moment(int64(ms), err)
}

// Parse reads a date or time such as "2011-12-10", "2011-12-10 08:26" or
// "2011-12-10T08:26:30.5+01:00", in every form of pmkt_time_parse. Without an offset it is wall-clock
// time of the zone, and a date is the start of that day there.
func (z Zone) Parse(text string) (time.Time, error) {
	var ms C.int64_t
	err := z.with(func(zone *C.pmkt_zone, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_time_parse(chars(text), C.size_t(len(text)), zone, &ms, e)
	})
	return moment(int64(ms), err)
}

// Format writes an instant as "2011-12-10 08:26:30" in the zone's wall-clock time, with milliseconds
// if there are any.
func (z Zone) Format(at time.Time) (string, error) {
	var out [32]C.char
	err := z.with(func(zone *C.pmkt_zone, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_time_format(C.int64_t(millis(at)), zone, &out[0], e)
	})
	if err != nil {
		return "", err
	}
	return C.GoString(&out[0]), nil
}

// millis is an instant as C counts it, finer parts cut; the zero Time is no time, and neither is one
// that 64 bits of milliseconds may not reach.
func millis(at time.Time) int64 {
	if at.IsZero() || at.Year() < 0 || at.Year() > 9999 {
		return TimeNull
	}
	return at.UnixMilli()
}

// fromMillis is the way back, in UTC.
func fromMillis(ms int64) time.Time {
	if ms == TimeNull {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func moment(ms int64, err error) (time.Time, error) {
	if err != nil {
		return time.Time{}, err
	}
	return fromMillis(ms), nil
}
