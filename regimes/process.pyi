from regimes.prediction.process.clock import clock as clock
from regimes.prediction.process.clock import Clock as Clock
from regimes.datasets.process.noise_schedule import noise_schedule as noise_schedule
from regimes.numerics.process.schedules import Schedule as Schedule
from regimes.numerics.process.named_schedules import SCHEDULES as SCHEDULES
from regimes.numerics.process.unmasking import unmasking_loss as unmasking_loss
from regimes.numerics.process.unmasking import unmasking_plan as unmasking_plan
