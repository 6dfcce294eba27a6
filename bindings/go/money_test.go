package pmkt

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func ExampleParseMoney() {
	minor, err := ParseMoney("1234.505", 2)
	fmt.Println(minor, err)
	_, err = ParseMoney("12,34", 2)
	fmt.Println(err)
	// Output:
	// 123451 <nil>
	// pmkt: "12,34" is not an amount: at byte 2, expected a digit, one decimal point, or the end
}

func TestMoneyThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"", "-", "1e3", "1.2.3", "99999999999999999999"} {
		minor, err := ParseMoney(text, 2)
		fails(t, err, ErrParse)
		equal(t, text, minor, 0)
	}
	_, err := ParseMoney("1", 7)
	fails(t, err, ErrInvalid, "exponent")
	_, err = ParseMoney("1", 1<<40)
	fails(t, err, ErrInvalid, "exponent")
}

func TestMoneyFromFloats(t *testing.T) {
	minor := make([]int64, 4)
	bad, err := MoneyFromFloats([]float64{12.5, -0.125, math.NaN(), 3}, nil, 2, OnBadFail, minor)
	check(t, err)
	equal(t, "bad", bad, 0)
	if want := []int64{1250, -13, AmountNull, 300}; !slices.Equal(minor, want) {
		t.Errorf("got %v; expected %v", minor, want)
	}
	bad, err = MoneyFromFloats([]float64{1.5, math.Inf(1)}, []float64{3, 1}, 0, OnBadSkip, minor[:2])
	check(t, err)
	equal(t, "bad", bad, 1)
	if want := []int64{5, AmountNull}; !slices.Equal(minor[:2], want) {
		t.Errorf("got %v; expected %v", minor[:2], want)
	}
	_, err = MoneyFromFloats([]float64{1, math.Inf(1)}, nil, 2, OnBadFail, minor[:2])
	equal(t, "Where", fails(t, err, ErrBadRow).Where, 1)
	_, err = MoneyFromFloats([]float64{1}, []float64{1, 2}, 2, OnBadFail, minor[:1])
	fails(t, err, ErrInvalid, "quantity 2")
	_, err = MoneyFromFloats([]float64{1}, nil, 2, OnBadFail, minor)
	fails(t, err, ErrInvalid, "minor 4")
}
