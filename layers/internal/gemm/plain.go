package gemm

// begin sets c to the values that sums start with.
func (p *product) begin() {
	if p.add {
		return
	}
	for i := range p.m {
		row := p.c[i*p.ldc:][:p.n]
		if p.bias == nil {
			clear(row)
		} else {
			copy(row, p.bias)
		}
	}
}

// addPlain adds the product of a and b to c in Go.
func (p *product) addPlain() {
	for i := range p.m {
		c, a := p.c[i*p.ldc:][:p.n], p.a[i*p.lda:][:p.k]
		l := 0
		for ; l+4 <= p.k; l += 4 { // four rows of b at a time: c is read and written once for all four
			b0, b1, b2, b3 := p.b[l*p.ldb:][:p.n], p.b[(l+1)*p.ldb:][:p.n], p.b[(l+2)*p.ldb:][:p.n], p.b[(l+3)*p.ldb:][:p.n]
			a0, a1, a2, a3 := a[l], a[l+1], a[l+2], a[l+3]
			for j, v := range c {
				c[j] = v + a0*b0[j] + a1*b1[j] + a2*b2[j] + a3*b3[j]
			}
		}
		for ; l < p.k; l++ {
			for j, v := range p.b[l*p.ldb:][:p.n] {
				c[j] += a[l] * v
			}
		}
	}
}
