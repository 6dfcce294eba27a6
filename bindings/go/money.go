package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_money_parse
// #cgo nocallback pmkt_money_parse
// #cgo noescape pmkt_money_from_double
// #cgo nocallback pmkt_money_from_double
import "C"

// Limits of an amount.
const (
	// AmountMax is the largest amount of a row, 2^53 - 1 minor units.
	AmountMax int64 = C.PMKT_AMOUNT_MAX

	// AmountNull is no amount: the null of every money column.
	AmountNull int64 = C.PMKT_AMOUNT_NULL

	// QuantityNull is no quantity.
	QuantityNull int64 = AmountNull
)

// ParseMoney reads a decimal number such as "-1234.5" as minor units, exactly, rounded half away from
// zero; exponent is how many decimals the currency has.
func ParseMoney(text string, exponent int) (int64, error) {
	decimals, err := narrow("exponent", exponent)
	if err != nil {
		return 0, err
	}
	var minor C.int64_t
	var e C.pmkt_error
	status := C.pmkt_money_parse(chars(text), C.size_t(len(text)), decimals, &minor, &e)
	return int64(minor), failure(status, &e)
}

// MoneyFromFloats turns prices or amounts in major units, times quantity unless that is nil, into
// minor units, rounded half away from zero; NaN becomes AmountNull. What is infinite or too large ends
// the call (OnBadFail), or becomes AmountNull and is counted (OnBadSkip). minor must be as long as
// value. Use [ParseMoney] for decimal text, which is exact.
func MoneyFromFloats(
	value, quantity []float64, exponent int, onBad OnBad, minor []int64,
) (bad int64, err error) {
	if quantity != nil && len(quantity) != len(value) || len(minor) != len(value) {
		return 0, invalid("value has %d entries, quantity %d, minor %d",
			len(value), len(quantity), len(minor))
	}
	decimals, err := narrow("exponent", exponent)
	if err != nil {
		return 0, err
	}
	var count C.int64_t
	var e C.pmkt_error
	status := C.pmkt_money_from_double(data[C.double](value), data[C.double](quantity),
		C.int64_t(len(value)), decimals, C.int32_t(onBad), data[C.int64_t](minor), &count, &e)
	return int64(count), failure(status, &e)
}
