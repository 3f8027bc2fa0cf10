"""From a configuration to a result, a report, a figure: what the commands do, without their flags."""
