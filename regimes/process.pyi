from regimes.numerics.process.clock import clock as clock
from regimes.numerics.process.clock import Clock as Clock
from regimes.numerics.process.schedules import noise_schedule as noise_schedule
from regimes.numerics.process.schedules import Schedule as Schedule
from regimes.numerics.process.schedules import SCHEDULES as SCHEDULES
