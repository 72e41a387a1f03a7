#include "models/domain.hpp"

template class bcsim::sim::Simulation<bcsim::models::Domain>;
