package app

import (
	"carrier/pns/internal/config"
	"carrier/pns/internal/security"
)

// weak logs, in one line, that a configuration which now holds has weak points.
func (p *Program) weak(c *config.Config) {
	command := "pns check --security"
	if p.file != "" {
		command += " -c " + p.file
	}
	security.Look(c, p.file).Warn(p.log, command)
}
