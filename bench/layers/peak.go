package main

import (
	"sync"
	"time"
)

// peaks is what the machine does at most, of all measurements.
type peaks struct {
	fma    float64 // multiplications and additions a nanosecond
	copied float64 // bytes read and written a nanosecond
}

func (p *peaks) measure() {
	const steps = 1 << 22
	for range 3 {
		p.fma = max(p.fma, rate(func(int) float64 { return 2 * float64(fusedMultiplications(steps)) }))
		p.copied = max(p.copied, rate(func(i int) float64 { return 2 * 4 * float64(copy(memory[i][0], memory[i][1])) }))
	}
}

// memory is what is copied, by each of the threads: 64 MiB each.
var memory = func() (m [threads][2][]float32) {
	for i := range m {
		m[i] = [2][]float32{make([]float32, 1<<23), make([]float32, 1<<23)}
		for j := range m[i][1] {
			m[i][1][j] = 1
		}
	}
	return m
}()

// rate returns what work does in a nanosecond, where it returns how much it did and all threads do it.
func rate(work func(thread int) float64) float64 {
	var all [threads]float64
	var wg sync.WaitGroup
	start := time.Now()
	for i := range threads {
		wg.Go(func() { all[i] = work(i) })
	}
	wg.Wait()
	took := float64(time.Since(start).Nanoseconds())
	total := 0.0
	for _, n := range all {
		total += n
	}
	return total / took
}
