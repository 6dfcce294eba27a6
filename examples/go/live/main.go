// The program live reads what customers of a shop do, event by event, and prints their intents as they fire. It
// shows how a Go service uses the tracker of package pmkt. The C program of the same name can do more.
package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"libpmkt/pmkt"
)

const usage = `Usage: live [options] [FILE]

Reads CSV with the columns time, customer, event (view, search, favorite, cart, checkout, order, ...) and
product, and perhaps category, from FILE or standard input, in the order of time, and prints what the
customers are about to do.

  live --fit ../../data/shop_events.csv < new_events.csv

`

type options struct {
	fit, rules, file string
	why              bool
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("live", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.fit, "fit", "", "learn the probability of an order from `FILE`, a log of the same columns")
	flags.StringVar(&o.rules, "rules", "", "the rules, from `FILE` instead of the built-in ones")
	flags.BoolVar(&o.why, "why", false, "print the events behind each intent")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 1 {
		flags.Usage()
		return o, errors.New("give one file, or none")
	}
	o.file = flags.Arg(0)
	return o, nil
}

func main() {
	options, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(context.Background(), options, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	rules, err := parseRules(o.rules)
	if err != nil {
		return err
	}
	defer rules.Close()
	model, err := fit(ctx, o.fit)
	if err != nil {
		return err
	}
	defer model.Close()
	if o.file != "" {
		file, err := os.Open(o.file)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	l := &live{rules: rules.Rules(), why: o.why, out: bufio.NewWriter(out)}
	if l.names, err = pmkt.NewIDs(pmkt.IDsOptions{}); err != nil { // the way back from ids
		return err
	}
	defer l.names.Close()
	if l.tracker, err = pmkt.NewTracker(model, rules, pmkt.TrackerOptions{}); err != nil {
		return err
	}
	defer l.tracker.Close()
	if l.answers, err = l.tracker.NewAnswers(1, 0); err != nil {
		return err
	}
	for event, err := range events(ctx, in, l.names) {
		if err != nil {
			return err
		}
		if err := l.take(event); err != nil {
			return err
		}
	}
	return l.end()
}

func parseRules(path string) (*pmkt.Rules, error) {
	text := pmkt.BuiltinRules()
	if path != "" {
		bytes, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		text = string(bytes)
	}
	return pmkt.ParseRules(text, pmkt.RulesOptions{})
}

// fit is a model of a log, or nil without one.
func fit(ctx context.Context, path string) (*pmkt.Purchase, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var past pmkt.Events
	for event, err := range events(ctx, file, nil) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		past.Append(event)
	}
	model, _, err := pmkt.FitPurchase(ctx, &past, pmkt.IntentOptions{}, pmkt.PurchaseOptions{})
	return model, err
}

// live is the program at work.
type live struct {
	tracker *pmkt.Tracker
	answers *pmkt.TrackerAnswers
	rules   []pmkt.Rule
	names   *pmkt.IDs
	why     bool
	out     *bufio.Writer
	clock   time.Time
}

// take observes an event, after the waits that were over before it.
func (l *live) take(event pmkt.Event) error {
	if event.Time.After(l.clock) {
		l.clock = event.Time
		if err := l.advance(); err != nil {
			return err
		}
	}
	if _, err := l.tracker.ObserveOne(event, l.answers); err != nil {
		return err
	}
	return l.print(l.answers.Fired[:l.answers.NFired])
}

// advance lets silence speak. A service does the same by a time.Ticker, with the time of the day.
func (l *live) advance() error {
	for {
		n, err := l.tracker.Advance(l.clock, l.answers.Fired)
		if err != nil || n == 0 {
			return err
		}
		if err := l.print(l.answers.Fired[:n]); err != nil {
			return err
		}
	}
}

func (l *live) print(all []pmkt.Fired) error {
	for _, fired := range all {
		rule := l.rules[fired.Rule]
		name, _ := l.names.Name(fired.User)
		fmt.Fprintf(l.out, "%s  %s is %s", time.UnixMilli(fired.Time).UTC().Format(time.DateTime), name, rule.Intent)
		if rule.Cause != "" {
			fmt.Fprintf(l.out, " (%s)", rule.Cause)
		}
		// Of a wait that is over there is no event, and so no probability.
		if p := l.answers.PGoal; fired.Row >= 0 && len(p) > 0 && !math.IsNaN(p[0]) {
			fmt.Fprintf(l.out, ", orders with probability %.2f", p[0])
		}
		fmt.Fprintf(l.out, ": %s\n", strings.Join(rule.Suggestions, ", "))
		if l.why {
			if err := l.explain(fired.User, rule.Intent); err != nil {
				return err
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return l.out.Flush() // somebody may be waiting for it
}

func (l *live) explain(user uint64, intent string) error {
	evidence, err := l.tracker.Explain(user, intent)
	if err != nil {
		return err
	}
	for _, event := range evidence.Events {
		if event.Matched {
			item, _ := l.names.Name(event.Item)
			fmt.Fprintf(l.out, "    %s  %v %s, log-odds %+.2f\n",
				time.UnixMilli(event.Time).UTC().Format(time.DateTime), event.Kind, item, event.LogOdds)
		}
	}
	return nil
}

func (l *live) end() error {
	stats, err := l.tracker.Stats()
	if err != nil {
		return err
	}
	fmt.Fprintf(l.out, "%d events, %d intents; %d events besides were late. %d customers are known, %d of them wait.\n",
		stats.Events, stats.Fired, stats.Late, stats.Users, stats.Waiting)
	return l.out.Flush()
}

// events are those of a CSV stream, as they come. Customers and products get into the dictionary, if there is one.
func events(ctx context.Context, in io.Reader, names *pmkt.IDs) func(func(pmkt.Event, error) bool) {
	return func(yield func(pmkt.Event, error) bool) {
		reader := csv.NewReader(in)
		reader.ReuseRecord = true
		at, err := columns(reader)
		if err != nil {
			yield(pmkt.Event{}, err)
			return
		}
		for {
			record, err := reader.Read()
			if err == nil {
				err = ctx.Err()
			}
			if errors.Is(err, io.EOF) {
				return
			}
			var event pmkt.Event
			if err == nil {
				if event, err = read(ctx, record, at, names); err != nil {
					line, _ := reader.FieldPos(0)
					err = fmt.Errorf("line %d: %w", line, err)
				}
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// columns says where the columns are: time, customer, event, product, and category, or -1.
func columns(reader *csv.Reader) (at [5]int, err error) {
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return at, errors.New("there are no events")
	} else if err != nil {
		return at, err
	}
	for i, name := range []string{"time", "customer", "event", "product", "category"} {
		if at[i] = slices.Index(header, name); at[i] < 0 && name != "category" {
			return at, fmt.Errorf("there is no column %q; there are %q", name, header)
		}
	}
	return at, nil
}

func read(ctx context.Context, record []string, at [5]int, names *pmkt.IDs) (event pmkt.Event, err error) {
	if event.Time, err = (pmkt.Zone{}).Parse(record[at[0]]); err != nil {
		return event, err
	}
	if event.Kind = pmkt.KindOf(record[at[2]]); event.Kind == pmkt.KindNone {
		return event, fmt.Errorf("there is no event %q", record[at[2]])
	}
	if at[4] >= 0 && record[at[4]] != "" {
		event.Category = pmkt.IDOf(record[at[4]])
	}
	event.Amount = pmkt.AmountNull // the columns have none
	texts := []string{record[at[1]], record[at[3]]}
	event.User = pmkt.IDOf(texts[0])
	if texts[1] == "" { // such as a look at the cart
		texts = texts[:1]
	} else {
		event.Item = pmkt.IDOf(texts[1])
	}
	if names != nil {
		_, err = names.Encode(ctx, texts)
	}
	return event, err
}
