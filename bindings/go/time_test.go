package pmkt

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"
)

func ExampleZoneOf() {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	zone := ZoneOf(shanghai)
	at, err := zone.Parse("2026-02-01")
	if err != nil {
		panic(err)
	}
	fmt.Println(at.Format(time.RFC3339))
	local, _ := zone.Format(at)
	fmt.Println(local)
	// Output:
	// 2026-01-31T16:00:00Z
	// 2026-02-01 00:00:00
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	check(t, err)
	return loc
}

// Days and wall-clock times are those of package time, at random and at every change of the clocks.
func TestZoneOfAgreesWithTheLocation(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	first := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	last := time.Date(2100, 12, 31, 0, 0, 0, 0, time.UTC).UnixMilli()
	for _, name := range []string{"UTC", "Asia/Shanghai", "Europe/London", "America/New_York",
		"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "Antarctica/Troll"} {
		loc := location(t, name)
		zone := ZoneOf(loc)
		var ms []int64
		for range 2_000 {
			ms = append(ms, first+random.Int64N(last-first))
		}
		for _, change := range zone.Transitions {
			if change.From > first {
				ms = append(ms, change.From-1, change.From, change.From+1)
			}
		}
		days := make([]int32, len(ms))
		check(t, zone.Days(ms, days))
		for i, at := range ms {
			local := time.UnixMilli(at).In(loc)
			if _, seconds := local.Zone(); seconds%60 != 0 {
				continue
			}
			year, month, date := local.Date()
			want := time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / 86_400
			if int64(days[i]) != want {
				t.Fatalf("%s: day of %v is %d; expected %d", name, local, days[i], want)
			}
			text := must(zone.Format(local))
			if want := local.Format("2006-01-02 15:04:05"); text[:len(want)] != want {
				t.Fatalf("%s: %v is written %q", name, local, text)
			}
		}
	}
	if zone := ZoneOf(nil); zone.OffsetMinutes != 0 || zone.Transitions != nil {
		t.Errorf("no location is %v", zone)
	}
	equal(t, "changes of London", len(ZoneOf(location(t, "Europe/London")).Transitions) > 300, true)
}

func TestZoneOfAFixedOffset(t *testing.T) {
	zone := ZoneOf(time.FixedZone("here", -7*3600-30*60))
	equal(t, "offset", zone.OffsetMinutes, -450)
	equal(t, "transitions", len(zone.Transitions), 0)
	at := must(zone.Parse("2026-01-01"))
	equal(t, "midnight", at.Format(time.RFC3339), "2026-01-01T07:30:00Z")
	start := must(zone.DayStart(20_454))
	equal(t, "the same by its number", start, at)
}

func TestWallClockTimesThatDoNotExistOrTwice(t *testing.T) {
	zone := ZoneOf(location(t, "Europe/London"))
	utc := Zone{}
	ms := []int64{
		must(utc.Parse("2026-03-29 01:30")).UnixMilli(), // skipped
		must(utc.Parse("2026-10-25 01:30")).UnixMilli(), // twice
		TimeNull,
	}
	check(t, zone.ToUTC(ms))
	equal(t, "skipped", must(utc.Format(time.UnixMilli(ms[0]))), "2026-03-29 01:30:00")
	equal(t, "twice", must(utc.Format(time.UnixMilli(ms[1]))), "2026-10-25 00:30:00")
	equal(t, "null", ms[2], TimeNull)
}

func TestTimesThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"", "yesterday", "2026-02-30", "2026-01-01T25:00", "\xff"} {
		_, err := Zone{}.Parse(text)
		e := fails(t, err, ErrParse)
		equal(t, "WhereKind", e.WhereKind, WhereByte)
	}
	_, err := Zone{}.Format(time.Time{})
	fails(t, err, ErrInvalid)
	_, err = Zone{}.Format(time.Date(292_000_000, 1, 1, 0, 0, 0, 0, time.UTC))
	fails(t, err, ErrInvalid)
	_, err = Zone{}.DayStart(1 << 40)
	fails(t, err, ErrInvalid, "day")
	_, err = Zone{}.DayStart(1 << 30)
	fails(t, err, ErrInvalid, "day")
	fails(t, Zone{}.Days(make([]int64, 2), make([]int32, 1)), ErrInvalid, "day has 1")
	_, err = Zone{OffsetMinutes: 1 << 40}.Parse("2026-01-01")
	fails(t, err, ErrInvalid, "offset")
	falling := Zone{Transitions: []Transition{{From: 2}, {From: 1}}}
	e := fails(t, falling.Days(nil, nil), ErrInvalid)
	equal(t, "Where", e.Where, 1)
}

func TestDaysOfNulls(t *testing.T) {
	days := make([]int32, 3)
	check(t, Zone{}.Days([]int64{TimeNull, TimeMax, 86_400_000}, days))
	equal(t, "days", fmt.Sprint(days), fmt.Sprint([]int32{NoDay, NoDay, 1}))
	check(t, Zone{}.Days(nil, nil))
}
