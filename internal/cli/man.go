package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newManCommand returns the command that prints the manual page, which packages install as ckpt.1. It is hidden, because users have
// --help.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Print the manual page",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := writeManual(cmd.OutOrStdout(), cmd.Root()); err != nil {
				return &failure{err}
			}
			return nil
		},
	}
}

// writeManual writes one page about root and all its commands, with the macros of man(7).
func writeManual(w io.Writer, root *cobra.Command) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, ".TH %s 1 \"\" %q\n", strings.ToUpper(root.Name()), root.Name()+" "+root.Version)
	fmt.Fprintf(out, ".SH NAME\n%s \\- %s\n", root.Name(), roff(root.Short))
	fmt.Fprintf(out, ".SH SYNOPSIS\n.B %s\n.I command\n[\\fIoption\\fR ...] [\\fIargument\\fR ...]\n", root.Name())
	fmt.Fprint(out, ".SH DESCRIPTION\n")
	writeParagraphs(out, root.Long)
	fmt.Fprint(out, ".SH COMMANDS\n")
	for _, c := range commandsOf(root) {
		fmt.Fprintf(out, ".SS %s\n", roff(c.UseLine()))
		writeParagraphs(out, cmp.Or(c.Long, c.Short))
		if c.HasExample() {
			fmt.Fprintf(out, ".PP\n.nf\n%s\n.fi\n", roff(strings.TrimRight(c.Example, "\n")))
		}
		writeOptions(out, c.NonInheritedFlags())
	}
	fmt.Fprint(out, ".SH OPTIONS\n")
	writeOptions(out, root.PersistentFlags())
	fmt.Fprint(out, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nhelp for any command\n.TP\n\\fB\\-\\-version\\fR\nthe version\n")
	return out.Flush()
}

// commandsOf returns the visible commands below root, without cobra's completion commands: packages install the scripts that
// these print.
func commandsOf(root *cobra.Command) (all []*cobra.Command) {
	for _, c := range root.Commands() {
		if !c.IsAvailableCommand() || c.Name() == "completion" {
			continue
		}
		if c.Runnable() && !c.HasAvailableSubCommands() {
			all = append(all, c)
		}
		all = append(all, commandsOf(c)...)
	}
	return all
}

func writeOptions(w io.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		name := "\\fB\\-\\-" + roff(f.Name) + "\\fR"
		if f.Shorthand != "" {
			name = "\\fB\\-" + roff(f.Shorthand) + "\\fR, " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			name += " \\fI" + roff(value) + "\\fR"
		}
		fmt.Fprintf(w, ".TP\n%s\n%s\n", name, roff(usage))
	})
}

// writeParagraphs writes help text. Empty lines separate paragraphs; indented lines are not filled.
func writeParagraphs(w io.Writer, text string) {
	for p := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		lines := strings.Split(p, "\n")
		if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") }) {
			fmt.Fprintf(w, ".PP\n.nf\n%s\n.fi\n", roff(p))
			continue
		}
		fmt.Fprintf(w, ".PP\n%s\n", roff(p))
	}
}

// roff escapes text: backslashes, hyphens that must stay ASCII hyphens, characters outside ASCII, and lines that would begin with a
// request.
func roff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			b.WriteString(`\&`)
		}
		for _, r := range line {
			switch {
			case r == '\\':
				b.WriteString(`\e`)
			case r == '-':
				b.WriteString(`\-`)
			case r > unicode.MaxASCII:
				fmt.Fprintf(&b, `\[u%04X]`, r)
			default:
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
