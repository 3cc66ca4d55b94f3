"""What stands behind `make run`: the parts of Relais as children of one process.

`parts` says which programs run, `child` keeps one of them alive, `orphans` ends what a killed part
left running, `ports` finds free ones, `facts` tells people and scripts where everything is.
"""
