package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	orders   = "../../data/cdnow_orders.csv"
	cProgram = "../../../build/release/examples/rfm_report"
)

var columns = []string{"--user", "customer", "--time", "date", "--amount", "dollars", "--currency", "USD"}

func run(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	options, err := parse(args, &bytes.Buffer{})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = report(context.Background(), options, strings.NewReader(stdin), &out)
	return out.String(), err
}

// flat is a text in lines without repeated white space.
func flat(text string) (lines []string) {
	for _, line := range strings.Split(text, "\n") {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func TestFiguresAreThoseOfTheCProgram(t *testing.T) {
	out, err := run(t, "", append(columns, orders)...)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := exec.Command(cProgram, append(columns, orders)...).Output()
	if err != nil {
		t.Fatalf("%s: %v", cProgram, err)
	}
	given, joined := flat(string(wanted)), strings.Join(flat(string(wanted)), " ")
	compared := 0
	for _, line := range flat(out) {
		name, figures, _ := strings.Cut(line, " ")
		switch name {
		case "active-high-high", "active-high-low", "active-low-high", "active-low-low",
			"dormant-high-high", "dormant-high-low", "dormant-low-high", "dormant-low-low",
			"no-order", "new", "growth", "mature", "churned", "silver", "gold":
			if !slices.ContainsFunc(given, func(c string) bool { return strings.HasPrefix(c, line) }) {
				t.Errorf("the C program does not say %q", line)
			}
			compared++
		case "Wake-up", "Of", "To":
			if !strings.Contains(joined, figures) {
				t.Errorf("the C program does not say %q", line)
			}
			compared++
		}
	}
	if compared != 15+3 {
		t.Errorf("%d figures were compared, in\n%s", compared, out)
	}
}

func TestNamesComeBack(t *testing.T) {
	csv := "who,when,what,id\n" +
		"alice,2026-01-05 12:00,250.00,1\nalice,2026-01-06 09:30,-5,2\n,2026-01-20,1,3\n" +
		"\"bob, the second\",2025-10-01,49.00,4\n\"bob, the second\",2025-10-01,1.00,4\nx,soon,5,6\n"
	if _, err := run(t, "who,when,what\n", "--user", "who", "--time", "when", "--amount", "what",
		"-"); err == nil || err.Error() != "the file has no orders" {
		t.Errorf("a file without rows gives %v", err)
	}
	out, err := run(t, csv, "--user", "who", "--time", "when", "--amount", "what", "--order", "id",
		"--as-of", "2026-02-01", "--tz", "Asia/Shanghai", "-")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(flat(out), "\n")
	for _, line := range []string{"3 rows taken, 3 bad ones left out.", "bob, the second 50.00 1 123",
		"as of 2026-02-01 00:00:00", "silver 2 100.0 % 300.00"} {
		if !strings.Contains(all, line) {
			t.Errorf("no %q in\n%s", line, all)
		}
	}
}

func TestWhatGoesWrong(t *testing.T) {
	for say, args := range map[string][]string{
		"give one file":    columns,
		"no column":        append(slices.Clone(columns), "--order", "invoice", orders),
		"no such file":     append(slices.Clone(columns), "nowhere.csv"),
		"time zone":        append(slices.Clone(columns), "--tz", "Mars/Olympus", orders),
		"is not a time":    append(slices.Clone(columns), "--as-of", "soon", orders),
		"flag provided":    append(slices.Clone(columns), "--nothing", orders),
		"is empty":         append(slices.Clone(columns), os.DevNull),
		"currency must be": append(slices.Clone(columns), "--currency", "usd", orders),
		"- is empty":       append(slices.Clone(columns), "-"),
	} {
		if _, err := run(t, "", args...); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%v gives %v; expected %q", args, err, say)
		}
	}
	var help bytes.Buffer
	if _, err := parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help gives %v", err)
	}
	if !strings.Contains(help.String(), "Usage: rfm_report") {
		t.Errorf("--help says %q", help.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	options, err := parse(append(columns, orders), &help)
	if err != nil {
		t.Fatal(err)
	}
	if err := report(ctx, options, nil, &help); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled report gives %v", err)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1_000: "1,000", -1_234_567: "-1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%d is written %q", n, got)
		}
	}
	for n, want := range map[int64]string{0: "0.00", 5: "0.05", -5: "-0.05", 123_456: "1,234.56"} {
		if got := money(n); got != want {
			t.Errorf("%d is written %q", n, got)
		}
	}
}
