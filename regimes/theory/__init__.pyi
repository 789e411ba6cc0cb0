from regimes.theory.formula.variable import Variable as Variable
from regimes.theory.formula.formula import Step as Step
from regimes.theory.formula.formula import StepCheck as StepCheck
