package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"libpmkt/pmkt"
)

const shop = "../../data/shop_events.csv"

func output(in string, args ...string) (string, error) {
	options, err := parse(args, &bytes.Buffer{})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = run(context.Background(), options, strings.NewReader(in), &out)
	return out.String(), err
}

const header = "time,customer,event,product\n"

func TestSixActionsOfACustomer(t *testing.T) {
	out, err := output(header+`2026-03-02 12:00,ann,search,scarf
2026-03-02 12:01,ann,search,scarf
2026-03-02 12:02,ann,search,scarf
2026-03-02 12:03,ann,favorite,scarf
2026-03-02 12:04,ann,cart,scarf
2026-03-02 12:05,ann,checkout,
2026-03-02 13:00,bob,view,scarf
2026-03-02 12:59,bob,view,hat
`, "--why")
	if err != nil {
		t.Fatal(err)
	}
	const want = `2026-03-02 12:02:00  ann is hesitating: live expert, buyers' reviews
    2026-03-02 12:00:00  search scarf, log-odds +0.00
    2026-03-02 12:01:00  search scarf, log-odds +0.00
    2026-03-02 12:02:00  search scarf, log-odds +0.00
2026-03-02 12:03:00  ann is preparing: coupon, size guide
    2026-03-02 12:02:00  search scarf, log-odds +0.00
    2026-03-02 12:03:00  favorite scarf, log-odds +0.00
2026-03-02 12:35:00  ann is abandoning (process): shorter path
    2026-03-02 12:04:00  cart scarf, log-odds +0.00
    2026-03-02 12:05:00  checkout , log-odds +0.00
7 events, 3 intents; 1 events besides were late. 2 customers are known, 1 of them wait.
`
	if out != want {
		t.Errorf("got\n%s", out)
	}
}

var intentLine = regexp.MustCompile(
	`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)  (C\d+) is (\w+)( \(\w+\))?(, orders with probability [01]\.\d\d)?: (.+)$`)

// On the shop of the examples, what fires is what the rules fire on a batch.
func TestTheShopOfTheExamples(t *testing.T) {
	out, err := output("", "--fit", shop, shop)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "9435 events, ") {
		t.Errorf("the last line is %q", last)
	}
	got := map[string]int{}
	for _, line := range lines[:len(lines)-1] {
		found := intentLine.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("%q is no line of an intent", line)
		}
		got[found[3]]++
	}
	want := map[string]int{}
	rules, err := pmkt.ParseRules(pmkt.BuiltinRules(), pmkt.RulesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer rules.Close()
	matches, _, err := rules.Match(context.Background(), past(t), pmkt.MatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range matches.Fired {
		want[rules.Rules()[match.Rule].Intent]++
	}
	for _, intent := range []string{"abandoning", "comparing"} {
		if got[intent] != want[intent] || want[intent] == 0 {
			t.Errorf("%d are %s; expected %d", got[intent], intent, want[intent])
		}
	}
}

// past is the shop as a batch.
func past(t *testing.T) *pmkt.Events {
	t.Helper()
	file, err := os.Open(shop)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var batch pmkt.Events
	for event, err := range events(context.Background(), file, nil) {
		if err != nil {
			t.Fatal(err)
		}
		batch.Append(event)
	}
	return &batch
}

func TestRulesOfOnesOwn(t *testing.T) {
	rules := write(t, "intent curious { when view suggest 'hello' }")
	out, err := output(header+"2026-01-01,a,view,x\n", "--rules", rules)
	if err != nil || !strings.HasPrefix(out, "2026-01-01 00:00:00  a is curious: hello\n1 events, 1 intents") {
		t.Errorf("%v, %s", err, out)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatGoesWrong(t *testing.T) {
	for say, try := range map[string][]string{
		"give one file":                  {"", "a", "b"},
		"no such file":                   {"", "nowhere.csv"},
		"open nowhere":                   {header, "--fit", "nowhere"},
		"there are no events":            {""},
		`no column "product"`:            {"time,customer,event\n1,2,3\n"},
		"line 2: ":                       {header + "soon,a,view,x\n"},
		`line 3: there is no event`:      {header + "2026-01-01,a,view,x\n2026-01-01,a,stare,x\n"},
		"wrong number of fields":         {header + "2026-01-01\n"},
		"line 1, column 17":              {header, "--rules", write(t, "intent a { when stare }")},
		"file: there are no events":      {header, "--fit", write(t, "")},
		`file: line 2: there is no even`: {header, "--fit", write(t, header+"2026-01-01,a,stare,x\n")},
	} {
		if _, err := output(try[0], try[1:]...); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%v gives %v; expected %q", try, err, say)
		}
	}
	var help bytes.Buffer
	if _, err := parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) ||
		!strings.Contains(help.String(), "Usage: live") {
		t.Errorf("--help gives %v and says %q", err, help.String())
	}
}

// What fires is told at once, not when the stream ends.
func TestNobodyWaitsForTheEnd(t *testing.T) {
	in, feed := io.Pipe()
	told, out := io.Pipe()
	ended := make(chan error)
	go func() {
		ended <- run(context.Background(), options{rules: write(t, "intent curious { when view }")}, in, out)
	}()
	lines := make(chan string)
	go func() {
		buffer := make([]byte, 1000)
		for {
			n, err := told.Read(buffer)
			if err != nil {
				close(lines)
				return
			}
			lines <- string(buffer[:n])
		}
	}()
	for _, text := range []string{header + "2026-01-01,a,view,x\n", "2026-01-02,b,view,x\n"} {
		if _, err := io.WriteString(feed, text); err != nil {
			t.Fatal(err)
		}
		if line := <-lines; !strings.Contains(line, "is curious") {
			t.Errorf("got %q", line)
		}
	}
	feed.Close()
	if line := <-lines; !strings.HasPrefix(line, "2 events") {
		t.Errorf("got %q", line)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	out.Close()
	if rest := slices.Collect(func(yield func(string) bool) {
		for line := range lines {
			yield(line)
		}
	}); len(rest) > 0 {
		t.Errorf("and %q", rest)
	}
}
