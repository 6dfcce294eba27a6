// Package arrowtest tests package pmkt with arrow-go as producer and consumer of Arrow streams. It is a
// module of its own, so that package pmkt depends on nothing.
package arrowtest
