package pmkt

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func parsed(t testing.TB, text string) *Rules {
	t.Helper()
	rules := must(ParseRules(text, RulesOptions{}))
	t.Cleanup(func() { check(t, rules.Close()) })
	return rules
}

func TestBuiltinRules(t *testing.T) {
	rules := parsed(t, BuiltinRules())
	all := rules.Rules()
	equal(t, "rules", len(all), rules.Info().Rules)
	equal(t, "columns", rules.Info().Columns, 2)
	first := all[0]
	if first.Intent != "hesitating" || first.Cause != "" || first.Strength != 0.7 ||
		first.Cooldown != 30*time.Minute || !slices.Contains(first.Suggestions, "buyers' reviews") {
		t.Errorf("got %+v", first)
	}
	equal(t, "text", BuiltinRules()[first.At:first.At+len(first.Text)], first.Text)
	equal(t, "line", strings.Split(BuiltinRules(), "\n")[first.Line-1], "intent hesitating {")
	minute := time.Minute.Milliseconds()
	batch := &Events{
		User: []uint64{1, 1, 1, 2, 2},
		Time: []int64{0, minute, 2 * minute, 0, minute},
		Kind: []Kind{KindSearch, KindSearch, KindSearch, KindCart, KindCheckout},
		Item: []uint64{7, 7, 7, 8, 0},
	}
	found, report, err := rules.Match(background, batch, MatchOptions{Until: time.UnixMilli(40 * minute)})
	check(t, err)
	equal(t, "accepted", report.Accepted, int64(5))
	equal(t, "users", found.Users, int64(2))
	want := []RuleMatch{{2, 1, 2 * minute, 0, 0}, {-1, 2, 31 * minute, 3, 0}}
	if !slices.Equal(found.Fired, want) {
		t.Errorf("got %+v", found)
	}
	equal(t, "cause", all[3].Cause, "process")
}

func TestRulesWithColumns(t *testing.T) {
	rules := parsed(t, "columns stock int intent a { when view where (stock = 0) cooldown 5 ms }")
	batch := &Events{
		User: []uint64{1, 1, 1}, Time: []int64{0, 4, 5}, EveryKind: KindView,
		Extra: []Column{{Name: "stock", Int64: []int64{0, 0, 0}}},
	}
	found, _, err := rules.Match(background, batch, MatchOptions{}, WithThreads(1))
	check(t, err)
	if len(found.Fired) != 2 || found.Fired[1].Row != 2 || found.Fired[1].Since != 5 || found.Suppressed != 1 {
		t.Errorf("got %+v", found)
	}
	batch.Extra = []Column{{Name: "stock", Double: []float64{0, 0, 0}}}
	_, _, err = rules.Match(background, batch, MatchOptions{})
	fails(t, err, ErrInvalid, "declare it as int64")
}

func TestRulesRefused(t *testing.T) {
	_, err := ParseRules("intent a {\n when vieww }", RulesOptions{})
	e := fails(t, err, ErrParse, "line 2, column 7", "vieww")
	equal(t, "where", e.Where, 17)
	equal(t, "kind", e.WhereKind, WhereByte)
	_, err = ParseRules(strings.Repeat("intent a { when view } ", 251), RulesOptions{})
	fails(t, err, ErrLimit, "more than 250 rules")
	equal(t, "rules", parsed(t, "").Info().Rules, 0)
	rules := parsed(t, "intent a { when view }")
	batch := &Events{User: []uint64{1}, Time: []int64{5}, EveryKind: KindView}
	_, _, err = rules.Match(background, nil, MatchOptions{})
	fails(t, err, ErrInvalid, "nil")
	_, _, err = rules.Match(background, batch, MatchOptions{Partials: 1025})
	fails(t, err, ErrInvalid, "Partials")
	_, _, err = rules.Match(background, batch, MatchOptions{Until: time.UnixMilli(4)})
	fails(t, err, ErrInvalid, "before the last event")
	ended, cancel := context.WithCancel(background)
	cancel()
	if _, _, err = rules.Match(ended, batch, MatchOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	check(t, rules.Close())
	_, _, err = rules.Match(background, batch, MatchOptions{})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	equal(t, "rules after Close", len(rules.Rules()), 1)
}

func TestRulesShared(t *testing.T) {
	rules := parsed(t, BuiltinRules())
	batch := shopping(200)
	want, _, err := rules.Match(background, batch, MatchOptions{})
	check(t, err)
	done := make(chan error)
	for range 4 {
		go func() {
			got, _, err := rules.Match(background, batch, MatchOptions{}, WithThreads(2))
			if err == nil && !slices.Equal(got.Fired, want.Fired) {
				err = errors.New("another answer")
			}
			done <- err
		}()
	}
	for range 4 {
		check(t, <-done)
	}
	if len(want.Fired) == 0 || want.Dropped != 0 {
		t.Errorf("got %+v", want)
	}
}
