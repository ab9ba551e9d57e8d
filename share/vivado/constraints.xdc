# The clock that @TOP@ was built for: @MHZ@ MHz. Not run here: no Vivado was at hand.
create_clock -name aclk -period @PERIOD@ [get_ports aclk]
