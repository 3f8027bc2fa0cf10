"""From a configuration to a result, a report, a figure: what commands do, without their flags."""
