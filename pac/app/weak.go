package app

import (
	"carrier/pac/internal/config"
	"carrier/pac/internal/security"
)

// weak logs, in one line, that a configuration which now holds has weak points.
func (p *Program) weak(c *config.Config) {
	command := "pac check --security"
	if p.file != "" {
		command += " -c " + p.file
	}
	security.Look(c, p.file).Warn(p.log, command)
}
